from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.suppression_entries import NOW, entries, entry
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import (
    SuppressionAction,
    SuppressionEvent,
    SuppressionReason,
    address_of,
    suppression_of,
)

in_two_orders = st.lists(entries, max_size=6).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some)))
addresses = st.sampled_from((None, "a@x.test", "b@x.test"))


def reason(*events: SuppressionEvent, address: str | None = "a@x.test", at: datetime = NOW) -> SuppressionReason | None:
    found = suppression_of(events, medium=Medium.EMAIL, address=address, at=at)
    return found.reason if found else None


@given(in_two_orders, addresses)
def test_the_order_of_arrival_never_matters(
    orders: tuple[list[SuppressionEvent], list[SuppressionEvent]], address: str | None
) -> None:
    one, other = orders

    assert reason(*one, address=address) == reason(*other, address=address)


@given(st.lists(entries, max_size=6), addresses)
def test_the_rules_hold_as_they_are_written(events: list[SuppressionEvent], address: str | None) -> None:
    ours = [event for event in events if event.medium is Medium.EMAIL and event.address in (None, address)]
    standing: set[SuppressionReason | None] = set()
    for event in ours:
        lifted = any(
            lift.action is SuppressionAction.LIFTED
            and event.occurred_at < lift.occurred_at <= NOW
            and lift.reason in (None, event.reason)
            and lift.address in (None, event.address)
            for lift in ours
        )
        if event.action is SuppressionAction.SUPPRESSED and not lifted:
            standing.add(event.reason)

    assert reason(*events, address=address) == next((each for each in SuppressionReason if each in standing), None)


def test_a_new_address_is_not_suppressed_for_the_old_ones_bounce() -> None:
    bounced = entry(address="a@x.test")

    assert reason(bounced, address="a@x.test") is SuppressionReason.ADDRESS
    assert reason(bounced, address="b@x.test") is None


def test_what_names_no_address_holds_whatever_the_address_is() -> None:
    assert reason(entry(reason=SuppressionReason.COMPLAINED), address="b@x.test") is SuppressionReason.COMPLAINED


def test_it_is_lifted_from_then_on_and_of_one_moment_stays() -> None:
    assert reason(entry(day=1), entry(SuppressionAction.LIFTED, None, day=2)) is None
    assert reason(entry(day=2), entry(SuppressionAction.LIFTED, None, day=2)) is SuppressionReason.ADDRESS
    assert reason(entry(day=1), entry(SuppressionAction.LIFTED, None, day=11)) is SuppressionReason.ADDRESS


def test_whoever_suppresses_says_why() -> None:
    with pytest.raises(ValueError, match="says why"):
        SuppressionEvent(
            customer_key="K",
            medium=Medium.EMAIL,
            action=SuppressionAction.SUPPRESSED,
            reason=None,
            occurred_at=NOW,
            recorded_at=NOW,
            source="s",
            actor="a",
        )


@pytest.mark.parametrize(
    "medium, one, other",
    [
        (Medium.EMAIL, {"email": "Ann@X.test "}, {"email": "ann@x.test"}),
        (Medium.SMS, {"mobile": "+33 6 12-34"}, {"mobile": "+3361234"}),
        (
            Medium.PRINT,
            {"address_lines": ["Flat 2", "9  High Street"], "postcode": "SW1", "city": "London"},
            {"address_lines": ["flat 2", "9 High Street "], "postcode": "sw1", "city": "LONDON"},
        ),
    ],
)
def test_one_address_is_one_text(medium: Medium, one: dict[str, object], other: dict[str, object]) -> None:
    assert address_of(one, medium) == address_of(other, medium) is not None


@pytest.mark.parametrize("medium", Medium)
def test_no_address_is_none(medium: Medium) -> None:
    assert address_of({}, medium) is None


@pytest.mark.parametrize("source, stays", [("smtp", False), ("short code", True)])
def test_a_start_to_one_sender_lifts_no_opt_out_at_another(source: str, *, stays: bool) -> None:
    opted_out = entry(reason=SuppressionReason.OPTED_OUT)
    start = replace(entry(SuppressionAction.LIFTED, SuppressionReason.OPTED_OUT, day=2), source=source)
    by_a_person = replace(start, actor="ben")

    assert (suppression_of([opted_out, start], medium=Medium.EMAIL, address=None, at=NOW) is not None) is stays
    assert suppression_of([opted_out, by_a_person], medium=Medium.EMAIL, address=None, at=NOW) is None
