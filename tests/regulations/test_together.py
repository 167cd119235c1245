"""All shipped tables at once, in the order of checks: what follows for any customer and any communication."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.project.tables.parsed import parse_table
from tests.regulations.shipped import CHECKS, STATES, table
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.checks import NothingLeftError, decide_delivery
from xconnector.domain.routing.plan import DeliveryPlan, Medium, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import Check, DeliveryDecision, DeliveryPolicy, Facts

ROUTE = b"""| row | when has email | then route                              |
|-----|----------------|-----------------------------------------|
| R1  | yes            | email or sms, push, portal for 5 days   |
| R2  | -              | portal, print                           |
"""


def routing() -> DecisionTable:
    text, findings = parse_table("routing", "routing.md", ROUTE)
    assert text is not None
    assert not findings
    return text.table


POLICY = DeliveryPolicy(
    route=routing(),
    checks={
        check: tuple(table(name) for name, asked in CHECKS.items() if asked is check)
        for check in Check
        if check in CHECKS.values()
    },
    media={medium.value: medium for medium in Medium},
    default="print",
)
STATUTORY = ["auto_cancellation", "breach_notice", "adverse_action", "terms_change", "policy_documents"]
CATEGORIES = st.sampled_from(["statement", *STATUTORY])
COMMON = st.fixed_dictionaries(
    {
        "category": CATEGORIES,
        "promotional": st.booleans(),
        "deceased": st.booleans(),
        "has email": st.booleans(),
        "customer.alternate_format": st.sampled_from([None, None, "braille", "audio", "plain_text"]),
    }
)
PLACES = st.one_of(
    st.tuples(st.just("US"), st.sampled_from([*sorted(STATES), None])),
    st.tuples(st.sampled_from(["CA", "DE", "FR", "IE", "IT", "GB", "CH", "JP", "UK"]), st.just("XX")),
)
CONSENT = st.fixed_dictionaries(
    {
        "consent": st.sampled_from(["given", "withdrawn", "expired", "never"]),
        "consent.basis": st.sampled_from(["express", "implied", None]),
        "consent.days": st.integers(min_value=0, max_value=1000),
        "consent.shown": st.booleans(),
        "reachable": st.sampled_from([True, True, True, False]),
        "suppressed": st.sampled_from([None, None, None, "complained", "opted_out", "blocked", "address", "other"]),
    }
)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    jurisdiction, region = draw(PLACES)
    common = {**draw(COMMON), "jurisdiction": jurisdiction, "customer.region": region}
    by_medium = {medium: draw(CONSENT) for medium in Medium}
    return Facts(day=draw(st.dates(date(2015, 1, 1), date(2040, 1, 1))), common=common, by_medium=by_medium)


def decided(seen: Facts) -> DeliveryDecision | None:
    """Return what follows, None where it must be sent and people have to find a way."""
    try:
        return decide_delivery(POLICY, seen)
    except NothingLeftError:
        return None


def media(decision: DeliveryDecision | None) -> list[Medium]:
    if decision is None or isinstance(decision.outcome, Suppression):
        return []
    return [Medium(hop.connection) for hop in decision.outcome.hops]


def is_mandatory(common: dict[str, Any]) -> bool:
    american = {"auto_cancellation", "breach_notice", "adverse_action"}
    european = {"terms_change", "policy_documents", "breach_notice"}
    if common["jurisdiction"] == "US":
        return common["category"] in american
    return common["jurisdiction"] in {"DE", "FR", "IE", "IT", "GB"} and common["category"] in european


@given(seen=facts())
def test_every_case_has_an_answer(seen: Facts) -> None:
    decision = decided(seen)
    assert decision is None or isinstance(decision.outcome, DeliveryPlan | Suppression)


@given(seen=facts())
def test_what_must_be_sent_is_never_suppressed(seen: Facts) -> None:
    decision = decided(seen)
    if is_mandatory({**seen.common}):
        assert decision is None or isinstance(decision.outcome, DeliveryPlan)
    else:
        assert decision is not None


@given(seen=facts())
def test_advertising_takes_only_media_to_which_the_customer_has_not_said_no(seen: Facts) -> None:
    taken = media(decided(seen))
    if seen.common["promotional"] and not is_mandatory({**seen.common}):
        assert not [medium for medium in taken if seen.by_medium[medium]["consent"] == "withdrawn"]
        assert not (taken and seen.common["deceased"])


@given(seen=facts())
def test_advertising_by_text_takes_a_consent_in_every_country(seen: Facts) -> None:
    if seen.common["promotional"] and Medium.SMS in media(decided(seen)):
        assert seen.by_medium[Medium.SMS]["consent"] == "given"
        assert seen.by_medium[Medium.SMS]["consent.basis"] is not None


@given(seen=facts())
def test_a_suppressed_address_is_used_for_paper_that_must_be_sent_only(seen: Facts) -> None:
    for medium in media(decided(seen)):
        if seen.by_medium[medium]["suppressed"] in {"complained", "address", "blocked", "other"}:
            assert medium is Medium.PRINT
            assert is_mandatory({**seen.common})


@given(seen=facts())
def test_a_cancellation_in_the_united_states_is_on_paper_with_proof(seen: Facts) -> None:
    if seen.common["jurisdiction"] == "US" and seen.common["category"] == "auto_cancellation":
        decision = decided(seen)
        if decision is not None:
            assert isinstance(decision.outcome, DeliveryPlan)
            assert [(hop.connection, hop.proof) for hop in decision.outcome.hops] == [
                ("print", ProofOfMailing.CERTIFICATE)
            ]


@given(seen=facts())
def test_the_steps_of_what_is_taken_away_name_their_rule(seen: Facts) -> None:
    decision = decided(seen)
    if decision is not None:
        assert all(step.cite for step in decision.steps if step.takes_away)
