"""deliver: hop by hop; the intent is recorded, then comes the call, then the result.

A crash between intent and result leaves `dispatching`. Whoever finds that later holds the batch's
lock, so that nobody alive is still at it, and settles it: by handing over again where the channel
remembers dispatches, by asking where it can be asked, else as `outcome unknown`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from xconnector.contract.channel import CanAsk, Channel, Collects, Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, OutcomeUnknownError, TransientError
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.limits import NotNowError
from xconnector.execution.waits import Wait, wait_until
from xconnector.pipeline import failing, hops
from xconnector.pipeline.dispatching import dispatch_keys, dispatches_of
from xconnector.pipeline.receipts import Taken, record_receipts
from xconnector.pipeline.retrying import Later, later_of, put_off
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, transaction
from xconnector.project.model import ConnectionLimits
from xconnector.project.open_connections import is_outage
from xconnector.store import communications, dispatches, ledger, runs
from xconnector.store.communications import Standing
from xconnector.store.dispatches import DispatchState, Intent
from xconnector.store.failures import Stopped

UNCERTAIN_AT_ONCE = 25
"""At most so many hand-overs are in doubt after a crash, on a channel that remembers none."""
REMEMBERED_AT_ONCE = 500
HELD_ELSEWHERE = timedelta(seconds=5)
"""After which to look again when another worker holds the batch."""

Result = Receipt | ConnectorError | NotNowError


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """One communication on its way through one channel."""

    standing: Standing
    dispatch_key: str

    def taken(self, receipt: Receipt) -> Taken:
        return Taken(
            communication_id=self.standing.communication_id,
            batch_id=self.standing.batch_id,
            dispatch_key=self.dispatch_key,
            receipt=receipt,
        )


async def deliver(place: Workplace, attempt: Attempt, batch_id: int, channel: str) -> None:
    """Hand the batch's communications over whose present hop is this channel."""
    async with place.locks.hold(f"deliver:{batch_id}:{channel}") as held:
        if held is None:
            await _look_again(place, attempt)
            return
        try:
            opened = await place.connections.channel(channel)
        except (TransientError, MisconfiguredError) as error:
            await _cannot_open(place, attempt, error)
            return
        if isinstance(opened, Collects):
            await _let_collect(place, attempt, batch_id, channel)
            return
        await _settle_left_over(place, attempt, opened)
        async with transaction(place.pool) as reading:
            waiting = await communications.in_state(reading, batch_id, State.ARCHIVED, hop_connection=channel)
            batch = await runs.batch(reading, batch_id)
        remembers = await place.connections.remembers_dispatches(channel)
        size = REMEMBERED_AT_ONCE if remembers else UNCERTAIN_AT_ONCE
        for start in range(0, len(waiting), size):
            intended = await _intend(place, waiting[start : start + size], channel)
            results = await _hand_over(place, channel, opened, intended, run=batch.run_name if batch else None)
            await _record(place, attempt, intended, results)


async def _look_again(place: Workplace, attempt: Attempt) -> None:
    due_at = place.now() + HELD_ELSEWHERE
    async with transaction(place.pool) as connection:
        await wait_until(
            connection,
            Wait(
                due_at=due_at,
                stage=attempt.stage,
                ids=attempt.ids,
                priority=Priority(attempt.priority),
                key=":".join(["again", *(str(value) for value in attempt.ids.values())]),
            ),
        )


async def _let_collect(place: Workplace, attempt: Attempt, batch_id: int, name: str) -> None:
    """Let reprocessed pieces for a channel that takes bundles wait for one."""
    async with transaction(place.pool) as connection:
        waiting = await communications.in_state(connection, batch_id, State.ARCHIVED, hop_connection=name)
        departures = [hops.Departure.of(row) for row in waiting]
        await hops.depart(place, connection, departures, priority=attempt.priority, now=place.now())


async def _cannot_open(place: Workplace, attempt: Attempt, error: ConnectorError) -> None:
    """Treat a channel that does not open like one that did not take any of them.

    What a worker left that died is settled as soon as the channel opens again.
    """
    name, batch_id = str(attempt.ids["channel"]), int(attempt.ids["batch_id"])
    async with transaction(place.pool) as connection:
        waiting = await communications.in_state(connection, batch_id, State.ARCHIVED, hop_connection=name)
        left_over = await communications.ids_in_state(connection, batch_id, State.DISPATCHING, hop_connection=name)
    if left_over:
        await _look_again(place, attempt)
    intended = await _intend(place, waiting, name)
    await _record(place, attempt, intended, [error] * len(intended))


# ---------------------------------------------------------------- intent


async def _intend(place: Workplace, standings: Sequence[Standing], name: str) -> list[HandOver]:
    """Record what is about to be handed over; only what was still waiting is ours."""

    async def write(connection: Connection) -> list[HandOver]:
        now = place.now()
        ids = [row.communication_id for row in standings]
        moved = await communications.move(
            connection, ids, origin=State.ARCHIVED, target=State.DISPATCHING, now=now, keep_attempts=True
        )
        ours = [row for row in standings if row.communication_id in moved]
        keys = await dispatch_keys(connection, ours)
        hand_overs = [HandOver(standing=row, dispatch_key=keys[row.communication_id]) for row in ours]
        await dispatches.intend(
            connection,
            [
                Intent(
                    dispatch_key=row.dispatch_key,
                    communication_id=row.standing.communication_id,
                    hop=row.standing.hop,
                    connection=name,
                    state=DispatchState.DISPATCHING,
                )
                for row in hand_overs
            ],
            now,
        )
        await ledger.append(
            connection,
            [
                _entry(
                    row,
                    now,
                    event="dispatching",
                    state=State.DISPATCHING,
                    detail={"connection": name, "dispatch": row.dispatch_key},
                )
                for row in hand_overs
            ],
        )
        return hand_overs

    return await in_transaction(place.pool, write)


# ---------------------------------------------------------------- call


async def _hand_over(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver], *, run: str | None
) -> list[Result]:
    """Call the channel under its limits, and return one result for each hand-over."""
    if not hand_overs:
        return []
    built = await dispatches_of(place, [(row.standing, row.dispatch_key) for row in hand_overs], run=run)
    ready = [dispatch for dispatch in built if isinstance(dispatch, Dispatch)]
    answers = iter(await _call(place, name, channel, ready))
    return [next(answers) if isinstance(row, Dispatch) else row for row in built]


async def _call(place: Workplace, name: str, channel: Channel, ready: Sequence[Dispatch]) -> Sequence[Result]:
    if not ready:
        return []
    error: Result
    try:
        return await place.connections.limited(name).call(
            lambda: channel.send(ready), is_outage=is_outage, counts_as=len(ready)
        )
    except NotNowError as not_now:
        error = not_now
    except TimeoutError:
        error = OutcomeUnknownError(f"{name} did not answer in time; ask it what became of the hand-over")
    except ConnectorError as failed:
        error = failed
    return [error] * len(ready)


# ---------------------------------------------------------------- result


async def _record(
    place: Workplace, attempt: Attempt, hand_overs: Sequence[HandOver], results: Sequence[Result]
) -> None:
    """Record what the channel said of each, and let reports take effect that were quicker than its answer."""
    if not hand_overs:
        return
    name = str(attempt.ids["channel"])
    limits = place.project.connections[name].limits

    async def write(connection: Connection) -> None:
        now = place.now()
        sorted_out = _sort_out(hand_overs, results, limits, now=now)
        await record_receipts(place, connection, sorted_out.taken, now=now)
        await dispatches.settle(connection, sorted_out.closed, now)
        await failing.fail(connection, sorted_out.failed, origin=State.DISPATCHING, now=now)
        await failing.fail(
            connection, sorted_out.unknown, origin=State.DISPATCHING, target=State.OUTCOME_UNKNOWN, now=now
        )
        await hops.go_on(place, connection, sorted_out.refused, origin=State.DISPATCHING, now=now)
        await _put_off(connection, sorted_out.later, attempt, now=now)

    await in_transaction(place.pool, write)


@dataclass(slots=True)
class _SortedOut:
    """What follows from each result."""

    taken: list[Taken] = field(default_factory=list[Taken])
    later: list[Later] = field(default_factory=list[Later])
    refused: dict[UUID, Failure] = field(default_factory=dict[UUID, Failure])
    unknown: list[Stopped] = field(default_factory=list[Stopped])
    failed: list[Stopped] = field(default_factory=list[Stopped])
    closed: list[tuple[str, DispatchState, str | None]] = field(
        default_factory=list[tuple[str, DispatchState, str | None]]
    )


def _sort_out(
    hand_overs: Sequence[HandOver], results: Sequence[Result], limits: ConnectionLimits, *, now: datetime
) -> _SortedOut:
    sorted_out = _SortedOut()
    for row, result in zip(hand_overs, results, strict=True):
        if isinstance(result, Receipt):
            sorted_out.taken.append(row.taken(result))
            continue
        state = _sort_out_error(sorted_out, row.standing, result, limits, now=now)
        sorted_out.closed.append((row.dispatch_key, state, None))
    return sorted_out


def _sort_out_error(
    sorted_out: _SortedOut,
    standing: Standing,
    result: ConnectorError | NotNowError,
    limits: ConnectionLimits,
    *,
    now: datetime,
) -> DispatchState:
    """Sort one error in, and return what it makes of the dispatch."""
    if isinstance(result, NotNowError):
        sorted_out.later.append(Later(standing=standing, due_at=result.retry_at, counts=False))
        return DispatchState.PUT_OFF
    again = later_of(standing, result, limits, now=now)
    cause = failing.failure_of(result, "deliver")
    if again is not None:
        sorted_out.later.append(again)
        return DispatchState.PUT_OFF
    if isinstance(result, OutcomeUnknownError):
        sorted_out.unknown.append(failing.stopped_by(standing, cause))
        return DispatchState.OUTCOME_UNKNOWN
    if isinstance(result, MisconfiguredError | TransientError):
        sorted_out.failed.append(failing.stopped_by(standing, cause))
        return DispatchState.PUT_OFF
    sorted_out.refused[standing.communication_id] = cause
    return DispatchState.REFUSED


async def _put_off(connection: Connection, later: Sequence[Later], attempt: Attempt, *, now: datetime) -> None:
    await put_off(
        connection,
        later,
        stage="deliver",
        origin=State.DISPATCHING,
        target=State.ARCHIVED,
        attempt=attempt,
        now=now,
    )
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=row.standing.batch_id,
                communication_id=row.standing.communication_id,
                event="put off",
                state=State.ARCHIVED,
                detail={"until": row.due_at},
            )
            for row in later
        ],
    )


async def _settle_left_over(place: Workplace, attempt: Attempt, channel: Channel) -> None:
    """Settle what a worker left `dispatching` that died between intent and result."""
    name = str(attempt.ids["channel"])
    async with transaction(place.pool) as reading:
        left = await communications.in_state(
            reading, int(attempt.ids["batch_id"]), State.DISPATCHING, hop_connection=name
        )
        keys = await dispatch_keys(reading, left)
        batch = await runs.batch(reading, int(attempt.ids["batch_id"]))
    if not left:
        return
    hand_overs = [HandOver(standing=row, dispatch_key=keys[row.communication_id]) for row in left]
    results: Sequence[Result]
    if await place.connections.remembers_dispatches(name):
        results = await _hand_over(place, name, channel, hand_overs, run=batch.run_name if batch else None)
    elif isinstance(channel, CanAsk):
        results = await _ask(channel, [row.dispatch_key for row in hand_overs])
    else:
        lost = OutcomeUnknownError(
            f"the hand-over to {name} was interrupted and {name} cannot be asked; look there, then settle it"
        )
        results = [lost] * len(hand_overs)
    await _record(place, attempt, hand_overs, results)


async def _ask(channel: CanAsk, keys: Sequence[str]) -> list[Result]:
    arrived = await channel.ask(keys)
    surely_not = TransientError("the hand-over was interrupted and did not arrive")
    return [arrived.get(key, surely_not) for key in keys]


def _entry(row: HandOver, now: datetime, *, event: str, state: State, detail: Mapping[str, object]) -> ledger.Entry:
    return ledger.Entry(
        at=now,
        batch_id=row.standing.batch_id,
        communication_id=row.standing.communication_id,
        event=event,
        state=state,
        detail=detail,
    )
