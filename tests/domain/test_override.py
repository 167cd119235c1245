"""What a person says of a field beats what all sources say, while it lasts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.customer import CustomerRecord, Provenance
from xconnector.domain.golden import MOST_RECENT
from xconnector.domain.override import OverrideEvent, overrides_at

START = datetime(2026, 1, 1, tzinfo=UTC)
ADDRESS = {"address_lines": ["Hof 1"], "postcode": "10115", "city": "Berlin", "country": "DE"}
RECORD = CustomerRecord(customer_key="K1", source="crm", as_of=START, fields={**ADDRESS, "email": "a@x.test"})


def _day(number: int) -> datetime:
    return START + timedelta(days=number)


def _said(
    value: object, since: int = 1, until: int | None = None, name: str = "email", *, revokes: bool = False
) -> OverrideEvent:
    return OverrideEvent(
        customer_key="K1",
        name=name,
        value=value,
        reason="called us",
        by="ann",
        since=_day(since),
        until=None if until is None else _day(until),
        revokes=revokes,
    )


def _golden(*events: OverrideEvent, at: int = 5) -> dict[str, Any]:
    return dict(MOST_RECENT.golden("K1", [RECORD], events, at=_day(at)).fields)


def test_an_override_beats_every_source_from_its_beginning_to_its_end() -> None:
    said = _said("b@x.test", since=2, until=4)

    assert [_golden(said, at=day)["email"] for day in (1, 2, 3, 4)] == ["a@x.test", "b@x.test", "b@x.test", "a@x.test"]
    origin = MOST_RECENT.golden("K1", [RECORD], [said], at=_day(2)).provenance["email"]
    assert origin == Provenance(source="override", as_of=_day(2), verified=True, row="override")


def test_newer_news_of_a_source_does_not_end_it_but_a_revocation_does() -> None:
    news = CustomerRecord(customer_key="K1", source="crm", as_of=_day(4), fields={"email": "c@x.test"})
    said, revoked = _said("b@x.test"), _said(None, since=3, revokes=True)

    assert MOST_RECENT.golden("K1", [RECORD, news], [said], at=_day(5)).fields["email"] == "b@x.test"
    assert MOST_RECENT.golden("K1", [RECORD, news], [said, revoked], at=_day(5)).fields["email"] == "c@x.test"


def test_what_a_later_override_replaced_does_not_come_back_when_that_one_ends() -> None:
    first, second = _said("b@x.test", since=1), _said("c@x.test", since=2, until=3)

    assert _golden(first, second, at=2)["email"] == "c@x.test"
    assert _golden(first, second, at=4)["email"] == "a@x.test"


def test_somebody_may_say_that_the_customer_has_no_such_thing() -> None:
    assert "email" not in _golden(_said(None))


def test_an_address_is_overridden_as_a_whole() -> None:
    moved = _said({"address_lines": ["Rue 2"], "city": "Paris", "postcode": None}, name="address")

    assert _golden(moved) == {"address_lines": ["Rue 2"], "city": "Paris", "email": "a@x.test"}
    assert _golden(_said(None, name="address")) == {"email": "a@x.test"}


events = st.lists(
    st.builds(
        _said,
        st.sampled_from(["x", "y"]),
        st.integers(0, 6),
        st.none() | st.just(9),
        st.sampled_from(["email", "mobile"]),
    )
)


@given(events, st.integers(0, 10))
def test_what_is_in_effect_has_begun_and_not_ended_and_nothing_later_has(said: list[OverrideEvent], day: int) -> None:
    for name, event in overrides_at(said, _day(day)).items():
        assert event.since <= _day(day)
        assert event.until is None or _day(day) < event.until
        assert not [one for one in said if one.name == name and event.since < one.since <= _day(day)]


def _of(said: OverrideEvent, key: str) -> OverrideEvent:
    return replace(said, customer_key=key)


said_or_revoked = st.builds(
    _said, st.sampled_from(["x", "y"]), st.integers(0, 6), st.none() | st.integers(7, 9)
) | st.builds(_said, st.none(), st.integers(0, 6), revokes=st.just(value=True))
one_of_two = st.builds(_of, said_or_revoked, st.sampled_from(["K1", "K2"]))


@given(st.lists(one_of_two, max_size=6), st.integers(0, 10))
def test_of_a_merged_customer_the_latest_counts_of_what_is_in_effect_for_its_members(
    said: list[OverrideEvent], day: int
) -> None:
    apart = [overrides_at([one for one in said if one.customer_key == key], _day(day)) for key in ("K1", "K2")]
    in_effect = [one["email"] for one in apart if "email" in one]
    together = overrides_at(said, _day(day)).get("email")

    assert (together is None) == (not in_effect)
    if together is not None:
        assert together in in_effect
        assert together.since == max(one.since for one in in_effect)


def test_an_override_does_not_show_its_content_when_printed() -> None:
    assert "b@x.test" not in repr(_said("b@x.test"))
    assert "called us" not in repr(_said("b@x.test"))
