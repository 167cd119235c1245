"""deliver: hop by hop; the intent is recorded, then comes the call, then the result.

A crash between intent and result leaves `dispatching`. Whoever finds that later holds the batch's
lock, so that nobody alive is still at it, and settles it: by handing over again where the channel
remembers dispatches, by asking where it can be asked, else as `outcome unknown`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xconnector.contract.channel import CanAsk, Channel, Collects, Dispatch, Receipt, RemembersForAWhile
from xconnector.contract.errors import ConnectorError, MisconfiguredError, OutcomeUnknownError, TransientError
from xconnector.domain.communication import State
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.limits import NotNowError
from xconnector.execution.waits import Wait, wait_until
from xconnector.pipeline import hops
from xconnector.pipeline.closing import Answer, PutOff, close
from xconnector.pipeline.devices import forget_gone, with_devices
from xconnector.pipeline.dispatching import dispatches_of
from xconnector.pipeline.leaving import fit_to_leave, may_leave
from xconnector.pipeline.retrying import again, due_again
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading, transaction
from xconnector.project.model import ConnectionLimits
from xconnector.project.open_connections import is_outage
from xconnector.store import communications, dispatches, runs
from xconnector.store.communications import Standing
from xconnector.store.dispatches import DispatchState, Intent
from xconnector.store.moves import Move, Step, move_and_tell

AT_THE_EARLIEST = timedelta(seconds=1)
"""After which a connection that is busy is asked again."""
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
        async with reading(place.pool) as connection:
            waiting = await communications.in_state(connection, batch_id, State.ARCHIVED, hop_connection=channel)
            batch = await runs.batch(connection, batch_id)
        remembers = await place.connections.remembers_dispatches(channel)
        size = REMEMBERED_AT_ONCE if remembers else UNCERTAIN_AT_ONCE
        for start in range(0, len(waiting), size):
            intended = await _intend_fit(place, attempt, waiting[start : start + size], channel)
            asked_at = place.now()
            results = await _hand_over(place, channel, opened, intended, run=batch.run_name if batch else None)
            await _record(place, attempt, intended, results, asked_at=asked_at)
            if any(isinstance(result, NotNowError) for result in results):
                # The others would only be told the same; all are looked at again when the limits allow.
                return


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


async def _intend_fit(place: Workplace, attempt: Attempt, standings: Sequence[Standing], name: str) -> list[HandOver]:
    """Record what is about to be handed over, of what may leave now."""

    async def write(connection: Connection) -> list[HandOver]:
        fit = await fit_to_leave(place, connection, attempt, standings, name)
        return await _record_intents(place, connection, fit, name)

    return await in_transaction(place.pool, write)


async def _intend(place: Workplace, standings: Sequence[Standing], name: str) -> list[HandOver]:
    """Record what is about to be handed over; only what was still waiting is ours."""
    return await in_transaction(place.pool, lambda connection: _record_intents(place, connection, standings, name))


async def _record_intents(
    place: Workplace, connection: Connection, standings: Sequence[Standing], name: str
) -> list[HandOver]:
    now = place.now()
    keys = await dispatches.next_keys(connection, [(row.communication_id, row.hop) for row in standings])
    moved = await move_and_tell(
        connection,
        [
            Move(
                communication_id=row.communication_id,
                batch_id=row.batch_id,
                detail={"connection": name, "dispatch": keys[row.communication_id]},
            )
            for row in standings
        ],
        Step(origin=State.ARCHIVED, target=State.DISPATCHING, event="dispatching", is_retry=True),
        now,
    )
    ours = [row for row in standings if row.communication_id in moved]
    await dispatches.intend(
        connection,
        [
            Intent(
                dispatch_key=keys[row.communication_id],
                communication_id=row.communication_id,
                hop=row.hop,
                connection=name,
                state=DispatchState.DISPATCHING,
            )
            for row in ours
        ],
        now,
    )
    return [HandOver(standing=row, dispatch_key=keys[row.communication_id]) for row in ours]


# ---------------------------------------------------------------- call


async def _hand_over(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver], *, run: str | None
) -> list[Result]:
    """Call the channel under its limits, and return one result for each hand-over."""
    if not hand_overs:
        return []
    forgotten = await _forgotten(place, name, channel, hand_overs)
    known = [row for row in hand_overs if row.dispatch_key not in forgotten]
    results = iter(await _hand_over_known(place, name, channel, known, run=run))
    return [forgotten.get(row.dispatch_key) or next(results) for row in hand_overs]


async def _forgotten(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver]
) -> Mapping[str, OutcomeUnknownError]:
    """Return what was first tried so long ago that the channel may not know its key again, by dispatch key."""
    if not isinstance(channel, RemembersForAWhile):
        return {}
    async with reading(place.pool) as connection:
        first = await dispatches.first_intended(connection, [row.dispatch_key for row in hand_overs])
    lost = OutcomeUnknownError(
        f"it was first tried longer ago than {name} knows a key again, and may have arrived; look there, then settle it"
    )
    return {key: lost for key, at in first.items() if place.now() - at > channel.remembers_for}


async def _hand_over_known(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver], *, run: str | None
) -> list[Result]:
    built = await dispatches_of(place, [(row.standing, row.dispatch_key) for row in hand_overs], run=run)
    ready = await with_devices(place, name, [dispatch for dispatch in built if isinstance(dispatch, Dispatch)])
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
        late = f"{name} did not answer in time"
        if await place.connections.remembers_dispatches(name):
            error = TransientError(f"{late}; it is tried again under the same key")
        else:
            error = OutcomeUnknownError(f"{late} and cannot be asked; look there, then settle it")
    except ConnectorError as failed:
        error = failed
    return [error] * len(ready)


# ---------------------------------------------------------------- result


async def _record(
    place: Workplace,
    attempt: Attempt,
    hand_overs: Sequence[HandOver],
    results: Sequence[Result],
    *,
    asked_at: datetime | None = None,
) -> None:
    """Record what the channel said of each, and let what is put off be tried again when it is due."""
    if not hand_overs:
        return
    name = str(attempt.ids["channel"])
    limits = place.limits_of(name)
    now = place.now()
    answers = [
        Answer(
            communication_id=row.standing.communication_id,
            batch_id=row.standing.batch_id,
            dispatch_key=row.dispatch_key,
            said=_said(row.standing, result, limits, now=now),
            seen_within=row.standing.agreed.of_hop(row.standing.hop).wait,
        )
        for row, result in zip(hand_overs, results, strict=True)
    ]
    due = [answer.said.due_at for answer in answers if isinstance(answer.said, PutOff)]

    async def write(connection: Connection) -> None:
        await close(place, connection, name, answers)
        await forget_gone(connection, name, results, asked_at=asked_at or now, now=now)
        if due:
            await again(connection, attempt, min(due))

    await in_transaction(place.pool, write)


def _said(
    standing: Standing, result: Result, limits: ConnectionLimits, *, now: datetime
) -> Receipt | ConnectorError | PutOff:
    if isinstance(result, NotNowError):
        return PutOff(due_at=max(result.retry_at, now + AT_THE_EARLIEST), is_attempt=False)
    if isinstance(result, Receipt):
        return result
    due_at = due_again(standing.attempts, result, limits, now=now, of=standing.communication_id)
    return result if due_at is None else PutOff(due_at=due_at, is_attempt=True)


async def _settle_left_over(place: Workplace, attempt: Attempt, channel: Channel) -> None:
    """Settle what a worker left `dispatching` that died between intent and result."""
    name = str(attempt.ids["channel"])
    async with reading(place.pool) as connection:
        left = await communications.in_state(
            connection, int(attempt.ids["batch_id"]), State.DISPATCHING, hop_connection=name
        )
        keys = await dispatches.open_key_of(connection, [row.communication_id for row in left])
        batch = await runs.batch(connection, int(attempt.ids["batch_id"]))
    if not left:
        return
    hand_overs = [HandOver(standing=row, dispatch_key=keys[row.communication_id]) for row in left]
    if isinstance(channel, CanAsk):
        results = await _ask(channel, [row.dispatch_key for row in hand_overs])
    elif await place.connections.remembers_dispatches(name):
        results = await _hand_over_again(place, name, channel, hand_overs, run=batch.run_name if batch else None)
    else:
        lost = OutcomeUnknownError(
            f"the hand-over to {name} was interrupted and {name} cannot be asked; look there, then settle it"
        )
        results = [lost] * len(hand_overs)
    await _record(place, attempt, hand_overs, results)


async def _hand_over_again(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver], *, run: str | None
) -> Sequence[Result]:
    """Hand over under the same keys what may leave at this moment; what may not is for people to look after."""
    async with reading(place.pool) as connection:
        allowed = await may_leave(place, connection, [row.standing for row in hand_overs], name)
    again = [row for row in hand_overs if row.standing.communication_id in allowed]
    results = iter(await _hand_over(place, name, channel, again, run=run))
    lost = OutcomeUnknownError(
        f"the hand-over to {name} was interrupted and must not be made again now; look there, then settle it"
    )
    return [next(results) if row.standing.communication_id in allowed else lost for row in hand_overs]


async def _ask(channel: CanAsk, keys: Sequence[str]) -> list[Result]:
    arrived = await channel.ask(keys)
    surely_not = TransientError("the hand-over was interrupted and did not arrive")
    return [arrived.get(key, surely_not) for key in keys]
