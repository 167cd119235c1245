"""Settle: somebody looked at the channel, and says what became of hand-overs whose answer was lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.failure import FailureKind, Settlement
from xconnector.execution.jobs import Jobs
from xconnector.operations.failures import AT_ONCE, Choice, Span, failures_of, take_up_submissions, whole_span
from xconnector.postgres.connect import Connection, Pool, in_transaction
from xconnector.store import communications, dispatches, failures
from xconnector.store.dispatches import DispatchState
from xconnector.store.failures import OpenFailure
from xconnector.store.moves import Move, Step, move_and_tell

_STATES = {Settlement.ARRIVED: DispatchState.HANDED_OVER, Settlement.NOT_ARRIVED: DispatchState.GIVEN_UP}
_TARGETS = {Settlement.ARRIVED: State.COMPLETED, Settlement.NOT_ARRIVED: State.ARCHIVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Who says so, and how they know."""

    actor: str
    reason: str


async def settle(pool: Pool, jobs: Jobs, choice: Choice, settlement: Settlement, *, actor: str, reason: str) -> int:
    """Settle chosen hand-overs and submissions of unknown outcome, and return how many communications they are of.

    A hand-over that arrived is completed; one that did not is made again, under a dispatch key of its own. A
    submission that arrived is looked for again; of one that did not, or whose job is of no use, the communications are
    composed again.
    """
    settled = 0
    span = await whole_span(pool)
    while (
        page := await _settle_page(pool, jobs, choice, settlement, span, Word(actor=actor, reason=reason))
    ) is not None:
        settled, span = settled + page[0], span.behind(page[1])
    return settled


async def _settle_page(
    pool: Pool, jobs: Jobs, choice: Choice, settlement: Settlement, span: Span, word: Word
) -> tuple[int, int] | None:
    """Settle one page in one transaction; returns how many, and the id of its last failure. None behind the end."""

    async def write(connection: Connection) -> tuple[int, int] | None:
        page = await failures_of(connection, choice, span, limit=AT_ONCE)
        if not page:
            return None
        rows = {row.communication_id: row for row in page if row.communication_id is not None}
        stuck = {key: row for key, row in rows.items() if row.stage == "fetch"}
        unknown = {key: row for key, row in rows.items() if row.kind == FailureKind.UNKNOWN_OUTCOME}
        submitted = {key: row for key, row in unknown.items() if row.stage == "submit"}
        handed_over = {key: row for key, row in unknown.items() if key not in submitted | stuck}
        settled = await _settle(connection, jobs, handed_over, settlement, word)
        settled += await _settle_submitted(connection, jobs, submitted, State.OUTCOME_UNKNOWN, settlement, word)
        settled += await _settle_submitted(connection, jobs, stuck, State.FAILED, settlement, word)
        return settled, page[-1].failure_id

    return await in_transaction(pool, write)


async def _settle(
    connection: Connection,
    jobs: Jobs,
    unknown: Mapping[UUID, OpenFailure],
    settlement: Settlement,
    word: Word,
) -> int:
    moved = await _move(connection, unknown, State.OUTCOME_UNKNOWN, _TARGETS[settlement], settlement, word)
    await dispatches.settle_unknown(connection, sorted(moved), _STATES[settlement], datetime.now(UTC))
    if settlement is Settlement.NOT_ARRIVED:
        for batch_id, channel in await communications.stand_at_last_hop(connection, sorted(moved)):
            await jobs.defer(connection, "deliver", batch_id=batch_id, channel=channel)
    return len(moved)


async def _settle_submitted(
    connection: Connection,
    jobs: Jobs,
    unknown: Mapping[UUID, OpenFailure],
    origin: State,
    settlement: Settlement,
    word: Word,
) -> int:
    """Settle submissions: the composer has the orders, and its results are fetched; or it has not."""
    if settlement is Settlement.ARRIVED:
        moved = await _move(connection, unknown, origin, State.COMPOSING, settlement, word)
        await take_up_submissions(connection, jobs, moved)
    else:
        moved = await _move(connection, unknown, origin, State.DECIDED, settlement, word)
        for batch_id in sorted({unknown[key].batch_id for key in moved}):
            await jobs.defer(connection, "compose", batch_id=batch_id)
    return len(moved)


async def _move(
    connection: Connection,
    unknown: Mapping[UUID, OpenFailure],
    origin: State,
    target: State,
    settlement: Settlement,
    word: Word,
) -> set[UUID]:
    """Move communications on, and take their failures out of the queue; returns which were moved."""
    now = datetime.now(UTC)
    moved = await move_and_tell(
        connection,
        [
            Move(communication_id=key, batch_id=row.batch_id, detail={"reason": word.reason})
            for key, row in unknown.items()
        ],
        Step(origin=origin, target=target, event=f"settled as {settlement}", actor=word.actor),
        now,
    )
    await failures.resolve(
        connection,
        [unknown[key].failure_id for key in moved],
        resolution=f"settled as {settlement} by {word.actor}: {word.reason}",
        now=now,
    )
    return moved
