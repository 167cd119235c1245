"""deliver: hop by hop; the intent is recorded, then comes the call, then the result.

A crash between intent and result leaves `dispatching`. Whoever finds that later holds the batch's
lock, so that nobody alive is still at it, and settles it: by handing over again where the channel
remembers dispatches, by asking where it can be asked, else as `outcome unknown`.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from xconnector.contract.channel import CanAsk, Channel, Collects, Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, OutcomeUnknownError, TransientError
from xconnector.domain.communication import State
from xconnector.execution.jobs import Attempt, Priority
from xconnector.execution.limits import NotNowError
from xconnector.execution.waits import Wait, wait_until
from xconnector.pipeline import hops
from xconnector.pipeline.closing import Answer, PutOff, close
from xconnector.pipeline.devices import forget_gone
from xconnector.pipeline.handing_over import HandOver, hand_over
from xconnector.pipeline.leaving import fit_to_leave, may_leave
from xconnector.pipeline.providers import (
    Portion,
    Result,
    note_results,
    portions_of,
    surely_did_not_leave,
)
from xconnector.pipeline.retrying import again, due_again
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading, transaction
from xconnector.project.model import ConnectionLimits
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


async def deliver(place: Workplace, attempt: Attempt, batch_id: int, channel: str) -> None:
    """Hand the batch's communications over whose present hop is this channel."""
    async with place.locks.hold(f"deliver:{batch_id}:{channel}") as held:
        if held is None:
            await _look_again(place, attempt)
            return
        has_others = len(place.providers_of(channel)) > 1
        try:
            opened = await place.connections.channel(channel)
        except (TransientError, MisconfiguredError) as error:
            if not has_others:
                await _cannot_open(place, attempt, error)
                return
            opened = None
        if isinstance(opened, Collects):
            await _let_collect(place, attempt, batch_id, channel)
            return
        await _settle_left_over(place, attempt)
        async with reading(place.pool) as connection:
            waiting = await communications.in_state(connection, batch_id, State.ARCHIVED, hop_connection=channel)
            batch = await runs.batch(connection, batch_id)
        remembers = not has_others and await place.connections.remembers_dispatches(channel)
        size = REMEMBERED_AT_ONCE if remembers else UNCERTAIN_AT_ONCE
        for start in range(0, len(waiting), size):
            portions, has_to_wait = await portions_of(place, attempt, channel, waiting[start : start + size])
            for portion in portions:
                results = await _deliver_by(place, attempt, portion, run=batch.run_name if batch else None)
                has_to_wait |= any(isinstance(result, NotNowError) for result in results)
            if has_to_wait:
                # The others would only be told the same; all are looked at again when they may be.
                return


async def _deliver_by(place: Workplace, attempt: Attempt, portion: Portion, *, run: str | None) -> Sequence[Result]:
    """Hand a portion over to its provider."""
    intended = await _intend_fit(place, attempt, portion)
    asked_at, began = place.now(), time.monotonic()
    results: Sequence[Result]
    try:
        opened = await place.connections.channel(portion.provider)
    except (TransientError, MisconfiguredError) as error:
        results = [error] * len(intended)
    else:
        results = await hand_over(place, portion.provider, opened, intended, run=run)
    took = timedelta(seconds=time.monotonic() - began)
    await _record(place, attempt, portion.provider, intended, results, asked_at=asked_at, took=took)
    return results


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
        bound = await dispatches.bound(connection, [row.communication_id for row in waiting])
    if left_over:
        await _look_again(place, attempt)
    intended = await _intend(place, Portion(provider=name, standings=waiting))
    intended = [replace(row, is_bound=row.standing.communication_id in bound) for row in intended]
    await _record(place, attempt, name, intended, [error] * len(intended))


# ---------------------------------------------------------------- intent


async def _intend_fit(place: Workplace, attempt: Attempt, portion: Portion) -> list[HandOver]:
    """Record what is about to be handed over, of what may leave now."""

    async def write(connection: Connection) -> list[HandOver]:
        fit = await fit_to_leave(place, connection, attempt, portion.standings, str(attempt.ids["channel"]))
        return await _record_intents(place, connection, replace(portion, standings=fit))

    return await in_transaction(place.pool, write)


async def _intend(place: Workplace, portion: Portion) -> list[HandOver]:
    """Record what is about to be handed over; only what was still waiting is ours."""
    return await in_transaction(place.pool, lambda connection: _record_intents(place, connection, portion))


async def _record_intents(place: Workplace, connection: Connection, portion: Portion) -> list[HandOver]:
    now = place.now()
    standings, name = portion.standings, portion.provider
    why = {} if portion.because is None else {"because": portion.because}
    keys = await dispatches.next_keys(connection, [(row.communication_id, row.hop) for row in standings])
    moved = await move_and_tell(
        connection,
        [
            Move(
                communication_id=row.communication_id,
                batch_id=row.batch_id,
                detail={"connection": name, "dispatch": keys[row.communication_id], **why},
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
    return [HandOver(standing=row, dispatch_key=keys[row.communication_id], is_bound=portion.is_bound) for row in ours]


# ---------------------------------------------------------------- result


async def _record(
    place: Workplace,
    attempt: Attempt,
    name: str,
    hand_overs: Sequence[HandOver],
    results: Sequence[Result],
    *,
    asked_at: datetime | None = None,
    took: timedelta = timedelta(0),
) -> None:
    """Record what the provider said of each, and let what is put off be tried again when it is due."""
    if not hand_overs:
        return
    channel = str(attempt.ids["channel"])
    goes_elsewhere = await note_results(place, channel, name, results, took=took)
    free = {
        row.dispatch_key
        for row, result in zip(hand_overs, results, strict=True)
        if not row.is_bound and surely_did_not_leave(result)
    }
    limits = place.limits_of(name)
    now = place.now()
    answers = [
        Answer(
            communication_id=row.standing.communication_id,
            batch_id=row.standing.batch_id,
            dispatch_key=row.dispatch_key,
            said=PutOff(due_at=now + AT_THE_EARLIEST, is_attempt=False)
            if goes_elsewhere and row.dispatch_key in free
            else _said(row.standing, result, limits, now=now),
            seen_within=row.standing.agreed.of_hop(row.standing.hop).wait,
        )
        for row, result in zip(hand_overs, results, strict=True)
    ]
    due = [answer.said.due_at for answer in answers if isinstance(answer.said, PutOff)]

    async def write(connection: Connection) -> None:
        await close(place, connection, name, answers, planned=channel)
        if free:
            await dispatches.release(connection, sorted(free))
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


async def _settle_left_over(place: Workplace, attempt: Attempt) -> None:
    """Settle what a worker left `dispatching` that died between intent and result, each with its own provider."""
    async with reading(place.pool) as connection:
        left = await communications.in_state(
            connection, int(attempt.ids["batch_id"]), State.DISPATCHING, hop_connection=str(attempt.ids["channel"])
        )
        opened = await dispatches.open_hand_overs(connection, [row.communication_id for row in left])
        batch = await runs.batch(connection, int(attempt.ids["batch_id"]))
    if not left:
        return
    for name in sorted({one.connection for one in opened.values()}):
        hand_overs = [
            HandOver(standing=row, dispatch_key=opened[row.communication_id].dispatch_key, is_bound=True)
            for row in left
            if opened[row.communication_id].connection == name
        ]
        try:
            channel = await place.connections.channel(name)
        except (TransientError, MisconfiguredError):
            await _look_again(place, attempt)
        else:
            await _settle_with(place, attempt, name, channel, hand_overs, run=batch.run_name if batch else None)


async def _settle_with(
    place: Workplace, attempt: Attempt, name: str, channel: Channel, hand_overs: list[HandOver], *, run: str | None
) -> None:
    if isinstance(channel, CanAsk):
        # What it says did not arrive is as free as before.
        hand_overs = [replace(row, is_bound=False) for row in hand_overs]
        results = await _ask(channel, [row.dispatch_key for row in hand_overs])
    elif await place.connections.remembers_dispatches(name):
        results = await _hand_over_again(place, name, channel, hand_overs, run=run)
    else:
        lost = OutcomeUnknownError(
            f"the hand-over to {name} was interrupted and {name} cannot be asked; look there, then settle it"
        )
        results = [lost] * len(hand_overs)
    await _record(place, attempt, name, hand_overs, results)


async def _hand_over_again(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver], *, run: str | None
) -> Sequence[Result]:
    """Hand over under the same keys what may leave at this moment; what may not is for people to look after."""
    async with reading(place.pool) as connection:
        allowed = await may_leave(place, connection, [row.standing for row in hand_overs], name)
    again = [row for row in hand_overs if row.standing.communication_id in allowed]
    results = iter(await hand_over(place, name, channel, again, run=run))
    lost = OutcomeUnknownError(
        f"the hand-over to {name} was interrupted and must not be made again now; look there, then settle it"
    )
    return [next(results) if row.standing.communication_id in allowed else lost for row in hand_overs]


async def _ask(channel: CanAsk, keys: Sequence[str]) -> list[Result]:
    arrived = await channel.ask(keys)
    surely_not = TransientError("the hand-over was interrupted and did not arrive")
    return [arrived.get(key, surely_not) for key in keys]
