"""Closing hand-overs: what a channel said of each moves its communication.

One place for single hand-overs, for the pieces of a bundle and for work that was given up. Only a
hand-over that is still open takes a result: the late answer of a worker that was thought dead, or of a
hand-over whose place another took, changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from xconnector.contract.channel import Receipt
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.execution.waits import Wait, wait_until
from xconnector.pipeline import chasing, failing, hops, track, unseen
from xconnector.pipeline.heed import heed
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import communications, dispatches, failures, report_requests
from xconnector.store.dispatches import DispatchState
from xconnector.store.failures import Stopped
from xconnector.store.moves import Move, Step, move_and_tell


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff:
    """To be tried again under the same key: it was not handed over, or its channel knows the key again."""

    due_at: datetime
    is_attempt: bool
    """Whether the call was made; one that its limits did not allow is no attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one hand-over."""

    communication_id: UUID
    batch_id: int
    dispatch_key: str
    said: Receipt | ConnectorError | PutOff
    seen_within: timedelta | None = None
    """How long it may stay unseen before the next hop is taken."""


async def close(
    place: Workplace, connection: Connection, channel: str, answers: Sequence[Answer], *, planned: str | None = None
) -> None:
    """Record the answers of a channel, in the caller's transaction, and move each communication accordingly.

    What arrived is completed, or dispatched where an acknowledgement is still to come. What was refused
    takes its next hop. Reports that were quicker than the answer take effect now. Nothing of these hand-overs may be
    locked before. `planned` is the channel as the plan names it, where another connection answered in its place.
    """
    now = place.now()
    if any(isinstance(answer.said, Receipt) for answer in answers):
        await report_requests.await_no_reports(connection, channel)
    closed = await dispatches.close(
        connection, [(answer.dispatch_key, _state(answer.said), _reference(answer.said)) for answer in answers], now
    )
    ours = [answer for answer in answers if answer.dispatch_key in closed]
    await dispatches.note_what_it_took(
        connection, {answer.dispatch_key: answer.said for answer in ours if isinstance(answer.said, Receipt)}
    )
    await _record_receipts(place, connection, channel, ours, now, planned=planned or channel)
    await _put_off(connection, ours, now)
    await _fail(connection, ours, (MisconfiguredError, TransientError), State.FAILED, now)
    await _fail(connection, ours, (OutcomeUnknownError,), State.OUTCOME_UNKNOWN, now)
    refused = {
        answer.communication_id: failing.failure_of(answer.said, "deliver")
        for answer in ours
        if isinstance(answer.said, ConnectorError) and _state(answer.said) is DispatchState.REFUSED
    }
    # Before the next hop is taken: what was said here counts for it.
    await heed(place, connection, _refusals_that_say_why(ours, now), now=now)
    await hops.go_on(place, connection, refused, origin=State.DISPATCHING, now=now)
    await track.apply_known(place, connection, [answer.dispatch_key for answer in ours], now=now)


def _refusals_that_say_why(answers: Sequence[Answer], now: datetime) -> dict[str, Sequence[DeliveryEvent]]:
    """Return by dispatch key what refusals say of recipients, as if they had been reported."""
    return {
        answer.dispatch_key: [
            DeliveryEvent(
                dispatch_key=answer.dispatch_key,
                type=DeliveryEventType.REJECTED,
                occurred_at=now,
                reason=answer.said.reason,
                final=True,
            )
        ]
        for answer in answers
        if isinstance(answer.said, PermanentError) and answer.said.reason is not None
    }


def _state(said: Receipt | ConnectorError | PutOff) -> DispatchState:
    if isinstance(said, Receipt):
        return DispatchState.HANDED_OVER
    if isinstance(said, OutcomeUnknownError):
        return DispatchState.OUTCOME_UNKNOWN
    if isinstance(said, PutOff | MisconfiguredError | TransientError):
        return DispatchState.PUT_OFF
    return DispatchState.REFUSED


def _reference(said: Receipt | ConnectorError | PutOff) -> str | None:
    return said.reference if isinstance(said, Receipt) else None


async def _record_receipts(
    place: Workplace,
    connection: Connection,
    channel: str,
    answers: Sequence[Answer],
    now: datetime,
    *,
    planned: str,
) -> None:
    for target, awaited in ((State.COMPLETED, False), (State.DISPATCHED, True)):
        moves = [
            Move(
                communication_id=answer.communication_id,
                batch_id=answer.batch_id,
                detail={"dispatch": answer.dispatch_key, "reference": answer.said.reference},
            )
            for answer in answers
            if isinstance(answer.said, Receipt) and answer.said.awaits_report is awaited
        ]
        await move_and_tell(connection, moves, Step(origin=State.DISPATCHING, target=target, event=target.value), now)
        # The answer came after all: nobody has to find out what became of it.
        found = await move_and_tell(
            connection, moves, Step(origin=State.OUTCOME_UNKNOWN, target=target, event=target.value), now
        )
        await failures.resolve_of(connection, found, resolution="the channel's answer came late", now=now)
        if awaited and moves:
            keys = [answer.dispatch_key for answer in answers if _awaits_report(answer)]
            await chasing.await_reports(place, connection, channel, keys, now=now)
            await _await_reports(connection, planned, moves, now + place.limits_of(channel).report_within)
    await unseen.await_being_seen(connection, planned, _seen_within(answers), now=now)


def _awaits_report(answer: Answer) -> bool:
    return isinstance(answer.said, Receipt) and answer.said.awaits_report


def _seen_within(answers: Sequence[Answer]) -> set[tuple[int, timedelta]]:
    """Return the batches of which something may be looked at too late, and after how long."""
    return {
        (answer.batch_id, answer.seen_within)
        for answer in answers
        if answer.seen_within is not None and isinstance(answer.said, Receipt | OutcomeUnknownError)
    }


async def _await_reports(connection: Connection, channel: str, moves: Sequence[Move], due_at: datetime) -> None:
    """Let each batch be looked at when its acknowledgements should have come."""
    waits = [
        Wait(due_at=due_at, stage="overdue", ids={"batch_id": batch_id, "channel": channel})
        for batch_id in sorted({move.batch_id for move in moves})
    ]
    await wait_until(connection, *waits)


async def _put_off(connection: Connection, answers: Sequence[Answer], now: datetime) -> None:
    step = Step(origin=State.DISPATCHING, target=State.ARCHIVED, event="put off", is_retry=True)
    later = {answer.communication_id: answer.said for answer in answers if isinstance(answer.said, PutOff)}
    moved = await move_and_tell(
        connection,
        [
            Move(
                communication_id=answer.communication_id,
                batch_id=answer.batch_id,
                detail={"until": answer.said.due_at},
            )
            for answer in answers
            if isinstance(answer.said, PutOff)
        ],
        step,
        now,
    )
    await communications.retry_at(connection, [(key, later[key].due_at, later[key].is_attempt) for key in moved])


async def _fail(
    connection: Connection,
    answers: Sequence[Answer],
    kinds: tuple[type[ConnectorError], ...],
    target: State,
    now: datetime,
) -> None:
    stopped = [
        Stopped(
            batch_id=answer.batch_id,
            communication_id=answer.communication_id,
            failure=failing.failure_of(answer.said, "deliver"),
        )
        for answer in answers
        if isinstance(answer.said, kinds)
    ]
    await failing.fail(connection, stopped, origin=State.DISPATCHING, target=target, now=now)
