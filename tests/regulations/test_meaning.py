"""What the shipped tables promise together, whatever the case."""

from datetime import date, time

from hypothesis import given
from hypothesis import strategies as st

from tests.regulations.shipped import STATES, table
from xconnector.domain.decision.deciding import decide

DAY = date(2025, 9, 1)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 1, 1))
COUNTRIES = st.sampled_from(["US", "CA", "DE", "FR", "IE", "IT", "GB", "CH", "NO", "JP"])
COUNTRIES_OF_LAW = ("US", "CA", "AT", "BG", "CH", "DE", "FR", "GB", "IE", "IS", "IT", "LI", "NO", "PL", "SE")
EUROPE = st.sampled_from(["AT", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "NO", "PL", "SE"])
MEDIA = ["print", "email", "sms", "portal", "push"]
CONSENTS = st.sampled_from(["given", "withdrawn", "expired", "never"])
BASES = st.sampled_from(["express", "implied", None])
AGES = st.none() | st.integers(min_value=0, max_value=5000)
REASONS = st.sampled_from([None, "complained", "opted_out", "blocked", "address", "returned_mail", "other"])
REGIONS = st.sampled_from([*sorted(STATES), None])


def sends(name: str, on: date, **inputs: str | bool | int | None) -> bool:
    """Ask a table that says yes or no; a name with a dot in it is written with two underscores."""
    said = decide(table(name), {key.replace("__", "."): value for key, value in inputs.items()}, on=on)
    return said.outputs["send"] is True


@given(on=DAYS, basis=BASES, consent=CONSENTS, region=REGIONS)
def test_advertising_by_text_in_the_united_states_takes_an_express_consent(
    on: date, basis: str | None, consent: str, region: str | None
) -> None:
    sent = sends(
        *("consent_us", on),
        jurisdiction="US",
        medium="sms",
        promotional=True,
        consent=consent,
        consent__basis=basis,
        customer__region=region,
    )
    assert sent == (consent == "given" and basis == "express")


@given(on=DAYS, country=EUROPE, medium=st.sampled_from(["email", "sms", "push"]), consent=CONSENTS, age=AGES)
def test_electronic_advertising_in_europe_takes_a_live_consent(
    on: date, country: str, medium: str, consent: str, age: int | None
) -> None:
    inputs = {"jurisdiction": country, "medium": medium, "promotional": True, "consent": consent, "consent__days": age}
    assert sends("consent_eu", on, **inputs, consent__basis="express") == (consent == "given")
    assert not sends("consent_eu", on, **inputs, consent__basis=None)
    if consent != "given":
        assert not sends("consent_eu", on, **inputs, consent__basis="implied")


@given(on=DAYS, country=EUROPE, medium=st.sampled_from(MEDIA), basis=BASES, age=AGES)
def test_nobody_in_europe_gets_advertising_after_an_objection(
    on: date, country: str, medium: str, basis: str | None, age: int | None
) -> None:
    assert not sends(
        *("consent_eu", on),
        jurisdiction=country,
        medium=medium,
        promotional=True,
        consent="withdrawn",
        consent__basis=basis,
        consent__days=age,
    )


@given(on=DAYS, age=AGES)
def test_an_implied_consent_in_canada_lasts_two_years(on: date, age: int | None) -> None:
    sent = sends(
        *("consent_ca", on),
        jurisdiction="CA",
        medium="email",
        promotional=True,
        consent="given",
        consent__basis="implied",
        consent__days=age,
    )
    assert sent == (on >= date(2014, 7, 1) and age is not None and age <= 730)


@given(on=DAYS, country=st.sampled_from([*COUNTRIES_OF_LAW, "JP", "UK", "BR"]), medium=st.sampled_from(["sms", "push"]))
def test_no_country_is_left_out_of_the_tables_of_consent(on: date, country: str, medium: str) -> None:
    inputs = {
        "jurisdiction": country,
        "medium": medium,
        "promotional": True,
        "consent": "never",
        "customer__region": None,
    }
    facts = {**inputs, "consent__basis": None, "consent__days": None}
    tables = ("consent_ca", "consent_elsewhere", "consent_eu", "consent_us")
    elsewhere = "consent_eu" if country in COUNTRIES_OF_LAW else "consent_elsewhere"
    assert [name for name in tables if not sends(name, on, **facts)] == [
        {"US": "consent_us", "CA": "consent_ca"}.get(country, elsewhere)
    ]


@given(on=DAYS, medium=st.sampled_from(MEDIA), consent=CONSENTS, shown=st.booleans(), region=REGIONS)
def test_a_statutory_notice_is_electronic_only_with_a_consent_that_showed_access(
    on: date, medium: str, consent: str, shown: bool, region: str | None
) -> None:
    sent = sends(
        *("e_delivery_us", on),
        jurisdiction="US",
        mandatory=True,
        medium=medium,
        consent=consent,
        consent__shown=shown,
        customer__region=region,
    )
    assert sent == (medium == "print" or (medium in {"email", "portal"} and consent == "given" and shown))


@given(on=DAYS, country=COUNTRIES, medium=st.sampled_from(MEDIA))
def test_advertising_never_outlives_a_no(on: date, country: str, medium: str) -> None:
    inputs = {"jurisdiction": country, "medium": medium, "consent": "withdrawn", "mandatory": False}
    assert not sends("withdrawal", on, **inputs, promotional=True)


@given(on=DAYS, country=COUNTRIES, consent=CONSENTS, promotional=st.booleans())
def test_what_must_be_sent_can_always_go_on_paper(on: date, country: str, consent: str, promotional: bool) -> None:
    inputs = {"jurisdiction": country, "medium": "print", "consent": consent, "mandatory": True}
    assert sends("withdrawal", on, **inputs, promotional=promotional)


@given(mandatory=st.booleans(), medium=st.sampled_from(MEDIA), suppressed=REASONS)
def test_the_dead_get_no_advertising(mandatory: bool, medium: str, suppressed: str | None) -> None:
    inputs = {"deceased": True, "mandatory": mandatory, "medium": medium, "suppressed": suppressed, "reachable": True}
    assert not sends("suppression", DAY, **inputs, promotional=True)


@given(medium=st.sampled_from(MEDIA), suppressed=REASONS)
def test_an_estate_gets_what_must_be_sent_and_on_paper_only(medium: str, suppressed: str | None) -> None:
    inputs = {"deceased": True, "mandatory": True, "medium": medium, "suppressed": suppressed, "reachable": True}
    sent = sends("suppression", DAY, **inputs, promotional=False)
    assert sent == (medium == "print" and suppressed not in {"address", "blocked", "other"})


@given(on=DAYS, region=st.sampled_from(sorted(STATES)))
def test_where_no_state_is_known_the_hours_lie_in_those_of_every_state(on: date, region: str) -> None:
    opens, closes = hours(on, region)
    earliest, latest = hours(on, None)
    assert opens <= earliest < latest <= closes


def hours(on: date, region: str | None) -> tuple[time, time]:
    inputs = {"jurisdiction": "US", "promotional": True, "medium": "sms", "customer.region": region}
    said = decide(table("quiet_hours_us"), inputs, on=on).outputs
    return time.fromisoformat(str(said["opens"])), time.fromisoformat(str(said["closes"]))
