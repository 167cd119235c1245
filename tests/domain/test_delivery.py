from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.delivery import (
    DeliveryEvent,
    DeliveryEventType,
    DeliveryStatus,
    is_undeliverable,
    status_of,
)

NEUTRAL = {
    DeliveryEventType.UNSUBSCRIBED,
    DeliveryEventType.RESUBSCRIBED,
    DeliveryEventType.AUTOREPLIED,
    DeliveryEventType.UNKNOWN,
}

events = st.builds(
    DeliveryEvent,
    dispatch_key=st.just("d-0"),
    type=st.sampled_from(DeliveryEventType),
    occurred_at=st.datetimes(
        datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
        datetime(2026, 12, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    final=st.booleans(),
)
neutral_events = st.builds(
    DeliveryEvent,
    dispatch_key=st.just("d-0"),
    type=st.sampled_from(sorted(NEUTRAL)),
    occurred_at=st.datetimes(
        datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
        datetime(2026, 12, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    final=st.booleans(),
)


@given(st.lists(events), st.data())
def test_order_and_repetition_do_not_change_the_status(seen: list[DeliveryEvent], data: st.DataObject) -> None:
    repeated = seen + data.draw(st.lists(st.sampled_from(seen))) if seen else seen
    disordered = data.draw(st.permutations(repeated))

    assert status_of(disordered) is status_of(seen)


@given(st.lists(events))
def test_every_set_of_events_has_a_status(seen: list[DeliveryEvent]) -> None:
    assert status_of(seen) in DeliveryStatus


@given(st.lists(events))
def test_a_complaint_outweighs_everything(seen: list[DeliveryEvent]) -> None:
    complaint = DeliveryEvent(
        dispatch_key="d-0", type=DeliveryEventType.COMPLAINED, occurred_at=datetime(2026, 1, 1, tzinfo=UTC)
    )

    assert status_of([*seen, complaint]) is DeliveryStatus.COMPLAINED


@given(st.lists(neutral_events))
def test_events_that_tell_nothing_of_the_delivery_leave_it_unreported(seen: list[DeliveryEvent]) -> None:
    assert status_of(seen) is DeliveryStatus.UNREPORTED


@given(events)
def test_only_a_final_report_ends_a_hop(event: DeliveryEvent) -> None:
    assert event.final or not is_undeliverable(event)


@given(events.filter(is_undeliverable))
def test_what_ends_a_hop_is_seen_in_the_status(event: DeliveryEvent) -> None:
    assert status_of([event]) in {DeliveryStatus.BOUNCED, DeliveryStatus.FAILED}
