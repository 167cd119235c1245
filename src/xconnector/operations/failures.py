"""Failures: what stopped, by cause, and reprocessing from the stage that failed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.failure import FailureKind
from xconnector.execution.jobs import Jobs
from xconnector.postgres.connect import Connection, Pool, in_transaction, reading, transaction
from xconnector.store import communications, failures, inbox, ledger, runs, submissions
from xconnector.store.failures import Group, OpenFailure
from xconnector.store.submissions import SubmissionState

_BACK_TO = {
    "prepare": (State.TRIGGERED, "prepare"),
    "begin": (State.TRIGGERED, "prepare"),
    "assemble": (State.TRIGGERED, "prepare"),
    "decide": (State.TRIGGERED, "prepare"),
    "compose": (State.DECIDED, "compose"),
    "fetch": (State.COMPOSING, "fetch"),
    "archive": (State.RELEASED, "archive"),
    "deliver": (State.ARCHIVED, "deliver"),
}
AT_ONCE = 500


class NothingToReprocessError(LookupError):
    """No open failure fits; the message says which were looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which open failures are meant; what is None does not narrow."""

    fingerprint: str | None = None
    run: str | None = None
    communication_id: UUID | None = None
    record_ids: Sequence[int] | None = None
    """The records that they are of, or that asked for what failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which failures are still to be looked at, by their ids.

    It ends with the newest there was at the beginning: what fails again meanwhile is left to whoever looks next.
    """

    after: int = 0
    until: int | None = None

    def behind(self, failure_id: int) -> "Span":
        """Return what is left behind a failure."""
        return Span(after=failure_id, until=self.until)


async def whole_span(pool: Pool) -> Span:
    """Return all failures that there are now."""
    async with reading(pool) as connection:
        return Span(until=await failures.newest(connection))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprocessed:
    """What became of an order to reprocess."""

    started: int
    left: int
    """Failures that cannot be reprocessed as they are: unreadable or refused records, which can be dismissed, and
    unknown outcomes, which a person settles first."""


async def failure_groups(pool: Pool, *, run: str | None = None) -> list[Group]:
    """Return open failures by cause: by legal day, those without one by their number."""
    async with transaction(pool) as connection:
        return await failures.groups(connection, run_id=await _run_id(connection, run))


async def open_failures(pool: Pool, choice: Choice, *, limit: int) -> list[OpenFailure]:
    """Return single open failures, oldest first."""
    async with transaction(pool) as connection:
        return await failures_of(connection, choice, Span(), limit=limit)


async def reprocess(pool: Pool, jobs: Jobs, choice: Choice, *, actor: str, reason: str) -> Reprocessed:
    """Start chosen failures again from the stage that failed, with the project as it is now.

    Raises NothingToReprocessError when no open failure fits.
    """
    started, left = 0, 0
    span = await whole_span(pool)
    while (page := await _reprocess_page(pool, jobs, choice, span, actor=actor, reason=reason)) is not None:
        started, left, span = started + page.started, left + page.left, span.behind(page.last)
    if not started and not left:
        raise NothingToReprocessError("no open failure fits; `xconnector failures` lists those there are")
    return Reprocessed(started=started, left=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    started: int
    left: int
    last: int
    """Id of its last failure."""


async def _reprocess_page(
    pool: Pool, jobs: Jobs, choice: Choice, span: Span, *, actor: str, reason: str
) -> _Page | None:
    """Start one page of failures again in one transaction; None when there is no further one."""

    async def write(connection: Connection) -> _Page | None:
        page = await failures_of(connection, choice, span, limit=AT_ONCE)
        if not page:
            return None
        started = await start_again(connection, jobs, page, actor=actor, reason=reason)
        return _Page(started=started, left=len(page) - started, last=page[-1].failure_id)

    return await in_transaction(pool, write)


async def _run_id(connection: Connection, name: str | None) -> UUID | None:
    if name is None:
        return None
    run = await runs.find(connection, name)
    if run is None:
        raise NothingToReprocessError(f"no run is called {name!r}; `xconnector status` lists the latest")
    return run.run_id


async def failures_of(connection: Connection, choice: Choice, span: Span, *, limit: int) -> list[OpenFailure]:
    """Return one page of chosen failures in the caller's transaction."""
    return await failures.open_failures(
        connection,
        fingerprint=choice.fingerprint,
        run_id=await _run_id(connection, choice.run),
        communication_id=choice.communication_id,
        record_ids=choice.record_ids,
        after=span.after,
        until=span.until,
        limit=limit,
    )


async def start_again(
    connection: Connection, jobs: Jobs, page: Sequence[OpenFailure], *, actor: str, reason: str
) -> int:
    """Move communications back to the stage that failed and records back to the beginning; returns how many.

    In the caller's transaction.
    """
    now = datetime.now(UTC)
    resolved: list[int] = []
    for stage, (target, next_stage) in _BACK_TO.items():
        chosen = [row for row in page if row.communication_id is not None and row.stage == stage]
        chosen = [row for row in chosen if row.kind != FailureKind.UNKNOWN_OUTCOME]
        resolved += await _move_back(connection, jobs, chosen, target, next_stage, actor=actor, reason=reason, now=now)
    resolved += await _take_again(connection, jobs, page, actor=actor, reason=reason, now=now)
    await failures.resolve(connection, resolved, resolution=f"reprocessed by {actor}: {reason}", now=now)
    return len(resolved)


async def _take_again(
    connection: Connection, jobs: Jobs, page: Sequence[OpenFailure], *, actor: str, reason: str, now: datetime
) -> list[int]:
    """Take records that were set aside again, each key once, and return the failures that this resolves."""
    records = {row.record_id: row for row in page if row.record_id is not None}
    taken = await inbox.take_again(connection, list(records))
    for batch_id in sorted({batch for _, batch in taken}):
        await jobs.defer(connection, "prepare", batch_id=batch_id)
    repeated = await inbox.repeat_after_all(connection, list(records))
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now, batch_id=batch_id, record_id=record_id, event=event, actor=actor, detail={"reason": reason}
            )
            for event, rows in (("taken again", taken), ("repeated after all", repeated))
            for record_id, batch_id in rows
        ],
    )
    return [records[record_id].failure_id for record_id, _ in (*taken, *repeated)]


async def _move_back(
    connection: Connection,
    jobs: Jobs,
    chosen: Iterable[OpenFailure],
    target: State,
    next_stage: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> list[int]:
    rows = {row.communication_id: row for row in chosen if row.communication_id is not None}
    moved = await communications.move(connection, list(rows), origin=State.FAILED, target=target, now=now)
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=rows[key].batch_id,
                communication_id=key,
                event="reprocessed",
                state=target,
                actor=actor,
                detail={"reason": reason},
            )
            for key in sorted(moved)
        ],
    )
    if target is State.COMPOSING:
        await take_up_submissions(connection, jobs, moved)
    elif target is State.ARCHIVED:
        for batch_id, channel in await communications.stand_at_last_hop(connection, sorted(moved)):
            await jobs.defer(connection, next_stage, batch_id=batch_id, channel=channel)
    else:
        for batch_id in sorted({rows[key].batch_id for key in moved}):
            await jobs.defer(connection, next_stage, batch_id=batch_id)
    return [rows[key].failure_id for key in moved]


async def take_up_submissions(connection: Connection, jobs: Jobs, ids: Iterable[UUID]) -> None:
    """Look again what became of the submissions in which these communications are, in the caller's transaction."""
    for submission_key, state in await submissions.reopen_latest(connection, sorted(ids)):
        stage = "submit" if state is SubmissionState.SUBMITTING else "fetch"
        await jobs.defer(connection, stage, submission_key=submission_key)
