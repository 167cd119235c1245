"""Dismiss: somebody decides that nothing more will be done about what stopped."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.operations.failures import AT_ONCE, Choice, Span, failures_of, whole_span
from xconnector.postgres.connect import Connection, Pool, in_transaction
from xconnector.store import asks, communications, failures, ledger
from xconnector.store.failures import OpenFailure
from xconnector.store.moves import Move, Step, move_and_tell

_STOPPED = (State.FAILED, State.OUTCOME_UNKNOWN)


async def dismiss(pool: Pool, choice: Choice, *, actor: str, reason: str) -> int:
    """Take chosen failures out of the queue, and return how many.

    Communications are cancelled, also a chosen one that waits to begin. Records that never became any stay what they
    are, and the account goes on counting them as failed.
    """
    dismissed = 0
    span = await whole_span(pool)
    while (page := await _dismiss_page(pool, choice, span, actor=actor, reason=reason)) is not None:
        dismissed, span = dismissed + page[0], span.behind(page[1])
    if not dismissed and choice.communication_id is not None:
        dismissed = await _dismiss_waiting(pool, choice.communication_id, actor=actor, reason=reason)
    return dismissed


async def _dismiss_waiting(pool: Pool, communication_id: UUID, *, actor: str, reason: str) -> int:
    """Cancel a communication that was asked for and has not begun; returns how many that were."""

    async def write(connection: Connection) -> int:
        now = datetime.now(UTC)
        held = await communications.claim(connection, [communication_id], state=State.WAITING)
        batches = await asks.stop_waiting(connection, sorted(held))
        moves = [Move(communication_id=key, batch_id=batches[key], detail={"reason": reason}) for key in held]
        step = Step(origin=State.WAITING, target=State.CANCELLED, event="dismissed", actor=actor)
        return len(await move_and_tell(connection, moves, step, now))

    return await in_transaction(pool, write)


async def _dismiss_page(pool: Pool, choice: Choice, span: Span, *, actor: str, reason: str) -> tuple[int, int] | None:
    """Dismiss one page in one transaction; returns how many, and the id of its last failure. None behind the end."""

    async def write(connection: Connection) -> tuple[int, int] | None:
        page = await failures_of(connection, choice, span, limit=AT_ONCE)
        if not page:
            return None
        now = datetime.now(UTC)
        closed = await _cancel(connection, page, actor=actor, reason=reason, now=now)
        closed += await _tell_of_records(connection, page, actor=actor, reason=reason, now=now)
        resolved = await failures.resolve(connection, closed, resolution=f"dismissed by {actor}: {reason}", now=now)
        return len(resolved), page[-1].failure_id

    return await in_transaction(pool, write)


async def _cancel(
    connection: Connection, page: Sequence[OpenFailure], *, actor: str, reason: str, now: datetime
) -> list[int]:
    """Cancel the communications of a page that stand still, and return their failures."""
    rows = {row.communication_id: row for row in page if row.communication_id is not None}
    moves = [Move(communication_id=key, batch_id=row.batch_id, detail={"reason": reason}) for key, row in rows.items()]
    closed: list[int] = []
    for origin in _STOPPED:
        step = Step(origin=origin, target=State.CANCELLED, event="dismissed", actor=actor)
        moved = await move_and_tell(connection, moves, step, now)
        closed += [row.failure_id for row in page if row.communication_id in moved]
    return closed


async def _tell_of_records(
    connection: Connection, page: Sequence[OpenFailure], *, actor: str, reason: str, now: datetime
) -> list[int]:
    """Note of records that nothing more is done, and return their failures."""
    rows = [row for row in page if row.record_id is not None]
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=row.batch_id,
                record_id=row.record_id,
                event="dismissed",
                actor=actor,
                detail={"reason": reason},
            )
            for row in rows
        ],
    )
    # What is known of a feed stays so, whoever has heard enough of it.
    return [row.failure_id for row in (*rows, *(one for one in page if one.feed is not None))]
