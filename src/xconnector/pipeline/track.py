"""track: delivery events move the communication; a bounce takes the next hop.

Status is computed from the set of events, so late, repeated and disordered reports are harmless.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.delivery import OF_NOBODY, DeliveryEvent, DeliveryEventType, is_undeliverable
from xconnector.domain.evidence import ends_waiting
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.feedback.signal import Signal
from xconnector.pipeline import hops
from xconnector.pipeline.conversing import hand_overs_meant
from xconnector.pipeline.heed import heed
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, DatabaseUnreachableError, in_transaction, reading
from xconnector.store import awaited_reports, dispatches, failures, ledger, news
from xconnector.store.dispatches import DispatchState, Reported
from xconnector.store.moves import Move, Step, move_and_tell

_CONFIRMING = frozenset(
    {
        DeliveryEventType.ACCEPTED,
        DeliveryEventType.SENT,
        DeliveryEventType.IN_TRANSIT,
        DeliveryEventType.OUT_FOR_DELIVERY,
        DeliveryEventType.DELIVERED,
    }
)
_BEFORE_RESULT = frozenset({DispatchState.COLLECTED, DispatchState.DISPATCHING})
_AFTER_HAND_OVER = frozenset({State.DISPATCHED, State.COMPLETED, State.OUTCOME_UNKNOWN})


async def poll(place: Workplace, channel: str) -> None:
    """Take the news a channel has, one delivery at a time; each is acknowledged after it is kept.

    What was not acknowledged is given again at the next poll. A delivery that cannot be kept does not stop
    those behind it; the first such error is raised at the end.
    """
    reporting = await place.connections.reporting(channel)
    if reporting is None:
        return
    wrong: list[Exception] = []
    async for inbound in reporting.reports():
        try:
            await keep_news(place, channel, inbound.item)
        except DatabaseUnreachableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the news behind it is not held up
            wrong.append(error)
            continue
        await inbound.ack()
    if wrong:
        raise wrong[0]


async def keep_news(place: Workplace, channel: str, news: Sequence[DeliveryEvent | Signal]) -> None:
    """Keep what a channel told, as `keep_reports` does; what a person wrote is tied to what we wrote to the number.

    Of a stranger it is kept as it came.
    """
    signals = [one for one in news if isinstance(one, Signal)]
    if signals:
        async with reading(place.pool) as connection:
            meant = await hand_overs_meant(connection, [(channel, signal) for signal in signals])
    else:
        meant = []
    now = place.now()
    events = [_placed(channel, one) for one in news if isinstance(one, DeliveryEvent)]
    for signal, keys in zip(signals, meant, strict=True):
        events += [signal.event(key, arrived_at=now) for key in keys or [f"{channel}/{OF_NOBODY}{signal.event_id}"]]
    await keep_reports(place, events)


def _placed(channel: str, event: DeliveryEvent) -> DeliveryEvent:
    """Return an event of nobody under its channel, where it is counted."""
    if not event.dispatch_key.startswith(OF_NOBODY):
        return event
    return replace(event, dispatch_key=f"{channel}/{event.dispatch_key}")


async def keep_reports(place: Workplace, events: Sequence[DeliveryEvent]) -> None:
    """Keep what a channel or a composer reported, each event once, and let it take effect; durable on return.

    A `dispatch_key` that is only the id of a communication means the hand-over that was its latest at the time.
    """

    async def write(connection: Connection) -> None:
        now = place.now()
        meant = await news.address(connection, events)
        fresh = await dispatches.remember_events(connection, meant, now)
        await apply_known(place, connection, sorted(fresh), now=now)

    await in_transaction(place.pool, write)


async def apply_known(place: Workplace, connection: Connection, keys: Sequence[str], *, now: datetime) -> None:
    """Let the events known of these dispatches take effect, once each.

    News of a dispatch whose result is not recorded yet waits until it is.
    """
    await news.take_up_early(connection, keys)
    known = await dispatches.unapplied_events(connection, keys)
    if not known:
        return
    rows = {row.dispatch_key: row for row in await dispatches.reported(connection, list(known))}
    ripe = {key: events for key, events in known.items() if key in rows and not _is_open(rows[key])}
    await dispatches.mark_applied(connection, list(ripe))
    ended = [key for key, told in ripe.items() if any(map(ends_waiting, told))]
    await awaited_reports.end(connection, ended, acknowledged=[key for key, told in ripe.items() if _confirms(told)])
    await ledger.append(
        connection, [_report(rows[key], event, now) for key, events in sorted(ripe.items()) for event in events]
    )
    # Before the next hop is taken: what was said here counts for it.
    await heed(place, connection, ripe, now=now)
    await _confirm(connection, [rows[key] for key, events in ripe.items() if _confirms(events)], now=now)
    await _give_up(place, connection, {key: rows[key] for key in ripe}, ripe, now=now)


def _is_open(row: Reported) -> bool:
    return row.dispatch_state in _BEFORE_RESULT


def _confirms(events: Sequence[DeliveryEvent]) -> bool:
    return any(event.type in _CONFIRMING for event in events) and not any(is_undeliverable(event) for event in events)


def _report(row: Reported, event: DeliveryEvent, now: datetime) -> ledger.Entry:
    return ledger.Entry(
        at=now,
        batch_id=row.batch_id,
        communication_id=row.communication_id,
        event=f"reported {event.type}",
        detail={
            "dispatch": row.dispatch_key,
            "occurred_at": event.occurred_at,
            "reason": event.reason,
            "detail": event.detail,
            "final": event.final,
        },
    )


async def _confirm(connection: Connection, rows: Sequence[Reported], *, now: datetime) -> None:
    """Complete communications whose channel acknowledged what it was handed."""
    for origin in (State.DISPATCHED, State.OUTCOME_UNKNOWN):
        moved = await move_and_tell(
            connection,
            [
                Move(
                    communication_id=row.communication_id,
                    batch_id=row.batch_id,
                    detail={"acknowledged": row.dispatch_key},
                )
                for row in rows
                if row.is_latest and row.communication_state == origin
            ],
            Step(origin=origin, target=State.COMPLETED, event="completed"),
            now,
        )
        if origin is State.OUTCOME_UNKNOWN:
            await _settled_by_report(connection, moved, now=now)
    await dispatches.mark(connection, [row.dispatch_key for row in rows], DispatchState.HANDED_OVER, now)


async def _give_up(
    place: Workplace,
    connection: Connection,
    rows: Mapping[str, Reported],
    events: Mapping[str, Sequence[DeliveryEvent]],
    *,
    now: datetime,
) -> None:
    """Take the next hop of communications that came back."""
    returned = {
        key: next(event for event in events[key] if is_undeliverable(event))
        for key in rows
        if any(is_undeliverable(event) for event in events[key])
    }
    await dispatches.mark(connection, list(returned), DispatchState.UNDELIVERABLE, now)
    for origin in _AFTER_HAND_OVER:
        chosen = [rows[key] for key in returned if rows[key].is_latest and rows[key].communication_state == origin]
        causes = {row.communication_id: _cause(returned[row.dispatch_key]) for row in chosen}
        if origin is State.OUTCOME_UNKNOWN:
            await _settled_by_report(connection, causes, now=now)
        await hops.go_on(place, connection, causes, origin=origin, now=now)


async def _settled_by_report(connection: Connection, ids: Iterable[UUID], *, now: datetime) -> None:
    """Nobody has to settle any more what became of these hand-overs."""
    await failures.resolve_of(connection, ids, resolution="the channel reported what became of it", now=now)


def _cause(event: DeliveryEvent) -> Failure:
    why = f"{event.type}: {event.reason or 'no reason given'}"
    return Failure(stage="deliver", kind=FailureKind.REFUSED, reason=f"{why} ({event.detail})" if event.detail else why)
