"""chasing: reports that do not come are asked for, slowly and some at a time; at the deadline somebody must look.

Nothing is ever sent again for it: that a report is missing says nothing of the message.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from xconnector.contract.errors import ConnectorError
from xconnector.contract.reporting import LooksUp
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.staleness import spelled_age
from xconnector.execution.limits import NotNowError
from xconnector.pipeline import failing
from xconnector.pipeline.provider_reports import mark_of, plainly
from xconnector.pipeline.track import apply_known
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.project.open_connections import is_outage
from xconnector.store import awaited_reports, dispatches
from xconnector.store.awaited_reports import Awaited
from xconnector.store.dispatches import DispatchState, Told
from xconnector.store.failures import Stopped

CHASE_EVERY = timedelta(minutes=1)
_MOST_ASKED = 100
"""Of one look: a provider's hand-overs are asked for by single calls."""
_MOST_AT_ONCE = 1000
_LAST_ASK = 0.95
"""Of the time until the deadline: what is told then still comes before it."""
_AWAITING = frozenset({State.COMPLETED})
"""What was not even acknowledged has a deadline of its own: see `overdue`."""


async def await_reports(
    place: Workplace, connection: Connection, name: str, dispatch_keys: Sequence[str], *, now: datetime
) -> None:
    """Await what a connection promises to report on hand-overs that it took, in the caller's transaction."""
    limits = place.limits_of(name)
    asks = place.connections.can_look_up(name)
    if not dispatch_keys or limits.ask_after is None or not (asks or limits.awaits_final):
        return
    ask_at = now + min(limits.ask_after, limits.report_within * _LAST_ASK) if asks else None
    await awaited_reports.await_reports(
        connection, name, dispatch_keys, final=limits.awaits_final, ask_at=ask_at, now=now
    )


async def chase(place: Workplace, name: str) -> None:
    """Ask a connection for reports that are missing, and give up those whose deadline has passed.

    Raises one of the four contract errors where it can tell nothing at all; it is asked again.
    """
    try:
        if place.connections.can_look_up(name):
            await _ask(place, name)
    finally:
        while await _give_up(place, name) == _MOST_AT_ONCE:
            pass


async def _ask(place: Workplace, name: str) -> None:
    now = place.now()
    latest = place.limits_of(name).report_within * _LAST_ASK

    async def take(connection: Connection) -> list[Awaited]:
        # Taken before they are asked for: what breaks in between is asked for when it is due again.
        return await awaited_reports.take_due(connection, name, latest=latest, most=_MOST_ASKED, now=now)

    due = [one for one in await in_transaction(place.pool, take) if one.reference]
    channel = await place.connections.looking_up(name) if due else None
    if channel is None:
        return
    references = [one.reference or "" for one in due]
    try:
        told = await place.connections.limited(name).call(
            lambda: _looked_up(channel, references), is_outage=is_outage, counts_as=len(due)
        )
    except NotNowError as not_now:
        await _ask_again(place, due, at=not_now.retry_at)
        return
    except TimeoutError:
        return
    await _keep(place, name, due, told)


async def _looked_up(channel: LooksUp, references: Sequence[str]) -> Sequence[Sequence[Signal] | ConnectorError]:
    """Return what is known of hand-overs. Raises the first error where nothing could be told of any of them."""
    told = await channel.look_up(references)
    wrong = [one for one in told if isinstance(one, ConnectorError)]
    if len(wrong) == len(told):
        raise wrong[0]
    return told


async def _ask_again(place: Workplace, due: Sequence[Awaited], *, at: datetime) -> None:
    async def write(connection: Connection) -> None:
        await awaited_reports.ask_again(connection, [one.dispatch_key for one in due], at=at)

    await in_transaction(place.pool, write)


async def _keep(
    place: Workplace, name: str, due: Sequence[Awaited], told: Sequence[Sequence[Signal] | ConnectorError]
) -> None:
    """Keep what was told, each event once whether it was asked for or reported, and let it take effect."""
    now = place.now()
    events = [
        Told(event=plainly(signal).event(one.dispatch_key, arrived_at=now), request_id=None, mark=mark_of(name, signal))
        for one, signals in zip(due, told, strict=True)
        if not isinstance(signals, ConnectorError)
        for signal in signals
    ]
    # In one order for all, as reports are kept.
    events.sort(key=lambda one: one.mark)

    async def write(connection: Connection) -> None:
        fresh = await dispatches.remember_events(connection, events, now)
        await apply_known(place, connection, sorted(fresh), now=now)

    await in_transaction(place.pool, write)


async def _give_up(place: Workplace, name: str) -> int:
    """Give up some of those whose deadline has passed; returns how many."""
    within = place.limits_of(name).report_within
    reason = f"no receipt: {name} said nothing final of it within {spelled_age(within)}; look there, then settle it"
    failure = Failure(stage="deliver", kind=FailureKind.UNKNOWN_OUTCOME, reason=reason)

    async def write(connection: Connection) -> int:
        now = place.now()
        late = await awaited_reports.late(connection, name, before=now - within, most=_MOST_AT_ONCE)
        # Communications are locked before anything else, as by all who bring news of them.
        rows = await dispatches.reported(connection, late)
        given_up = await awaited_reports.end(connection, late)
        stopped = [
            Stopped(batch_id=row.batch_id, communication_id=row.communication_id, failure=failure)
            for row in rows
            if row.dispatch_key in given_up
            and row.is_latest
            and row.dispatch_state == DispatchState.HANDED_OVER
            and row.communication_state in _AWAITING
        ]
        await failing.fail(connection, stopped, origin=State.COMPLETED, target=State.OUTCOME_UNKNOWN, now=now)
        ids = [one.communication_id for one in stopped if one.communication_id is not None]
        await dispatches.mark_latest(connection, ids, DispatchState.OUTCOME_UNKNOWN, now)
        return len(late)

    return await in_transaction(place.pool, write)
