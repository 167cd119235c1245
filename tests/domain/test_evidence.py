from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryStatus, is_undeliverable, status_of
from xconnector.domain.evidence import Evidence, evidence_in, evidence_of

AT = datetime(2026, 11, 23, tzinfo=UTC)
PERSONS = (DeliveryEventType.OPENED, DeliveryEventType.CLICKED, DeliveryEventType.RESPONDED)
events = st.builds(
    DeliveryEvent,
    dispatch_key=st.just("d-0"),
    type=st.sampled_from(DeliveryEventType),
    occurred_at=st.datetimes(timezones=st.just(UTC)),
    final=st.booleans(),
    by_machine=st.booleans(),
)


def event(kind: DeliveryEventType, *, final: bool = False, by_machine: bool = False) -> DeliveryEvent:
    return DeliveryEvent(dispatch_key="d-0", type=kind, occurred_at=AT, final=final, by_machine=by_machine)


@given(st.lists(events), st.data(), st.booleans())
def test_late_repeated_and_disordered_reports_prove_the_same(
    told: list[DeliveryEvent], data: st.DataObject, is_handed_over: bool
) -> None:
    again = told + data.draw(st.lists(st.sampled_from(told))) if told else told
    disordered = data.draw(st.permutations(again))

    assert evidence_of(disordered, is_handed_over=is_handed_over) is evidence_of(told, is_handed_over=is_handed_over)
    assert status_of(disordered) is status_of(told)


@given(st.lists(events), events)
def test_another_report_never_weakens_it_unless_it_came_back(told: list[DeliveryEvent], more: DeliveryEvent) -> None:
    before, after = evidence_of(told), evidence_of([*told, more])

    assert after.strength >= before.strength or is_undeliverable(more)


@given(st.lists(events))
def test_only_a_person_proves_that_it_was_opened(told: list[DeliveryEvent]) -> None:
    by_people = any(one.type in PERSONS and not one.by_machine for one in told)

    assert (evidence_of(told) is Evidence.OPENED) is by_people


@given(st.lists(events))
def test_what_came_back_is_not_delivered(told: list[DeliveryEvent]) -> None:
    returned = event(DeliveryEventType.BOUNCED, final=True)

    assert evidence_of([*told, returned]) in {Evidence.ACCEPTED, Evidence.OPENED}


@pytest.mark.parametrize("kind", PERSONS[:2])
def test_programs_open_nothing(kind: DeliveryEventType) -> None:
    scanned = event(kind, by_machine=True)

    assert evidence_in(scanned) is Evidence.ACCEPTED
    assert status_of([scanned]) is DeliveryStatus.ACCEPTED
    assert status_of([scanned, event(DeliveryEventType.DELIVERED)]) is DeliveryStatus.DELIVERED


@pytest.mark.parametrize(
    "told, proven",
    [
        ([], Evidence.HANDED_OVER),
        ([DeliveryEventType.UNKNOWN], Evidence.HANDED_OVER),
        ([DeliveryEventType.SENT], Evidence.ACCEPTED),
        ([DeliveryEventType.DELIVERED, DeliveryEventType.SENT], Evidence.DELIVERED),
        ([DeliveryEventType.OPENED, DeliveryEventType.SENT], Evidence.OPENED),
    ],
)
def test_the_strongest_counts(told: Sequence[DeliveryEventType], proven: Evidence) -> None:
    assert evidence_of([event(kind) for kind in told], is_handed_over=True) is proven
