"""The failure queue: what stopped, why, and what was done about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from xconnector.domain.failure import Failure
from xconnector.postgres.connect import Connection, copy_rows
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "failures.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A failure of one communication, or of one record that never became any."""

    batch_id: int
    failure: Failure
    communication_id: UUID | None = None
    record_id: int | None = None


async def remember(connection: Connection, stopped: Sequence[Stopped], now: datetime) -> None:
    """Put failures into the queue."""
    await copy_rows(
        connection,
        _QUERIES.remember,
        [
            (
                row.communication_id,
                row.record_id,
                row.batch_id,
                row.failure.stage,
                row.failure.kind,
                row.failure.reason,
                row.failure.fingerprint,
                now,
            )
            for row in stopped
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Open failures with one cause."""

    fingerprint: str
    stage: str
    kind: str
    example: str
    number: int
    first_at: datetime
    last_at: datetime
    leave_by: date | None
    """The first day by which one of them must be on its way, where a law says one."""


async def groups(connection: Connection, *, run_id: UUID | None) -> list[Group]:
    """Return the open failures by cause, optionally of one run: by legal day, those without one by their number."""
    return await fetch_all(connection, Group, _QUERIES.groups, run_id=run_id)


async def count_open(connection: Connection) -> tuple[int, int]:
    """Count open failures, and their causes."""
    cursor = await connection.execute(_QUERIES.count_open)
    row = await cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFailure:
    """One open failure with what it takes to reprocess it."""

    failure_id: int
    communication_id: UUID | None
    record_id: int | None
    batch_id: int
    """0 where it is a feed's."""
    feed: str | None
    """The feed that failed as a whole: what mends it closes its failure."""
    stage: str
    kind: str
    reason: str
    fingerprint: str
    failed_at: datetime
    source_key: str | None
    position: int | None
    came_again: int
    """How often its record was sent again since, with the same bytes."""
    state: str | None
    priority: int
    leave_by: date | None
    """The last day on which it may leave, where a law says one."""


async def open_failures(
    connection: Connection,
    *,
    fingerprint: str | None = None,
    run_id: UUID | None = None,
    communication_id: UUID | None = None,
    record_ids: Sequence[int] | None = None,
    after: int = 0,
    until: int | None = None,
    limit: int = 1000,
) -> list[OpenFailure]:
    """Return open failures behind an id and up to another, oldest first, by cause, run, communication or records."""
    return await fetch_all(
        connection,
        OpenFailure,
        _QUERIES.open_failures,
        fingerprint=fingerprint,
        run_id=run_id,
        communication_id=communication_id,
        record_ids=None if record_ids is None else list(record_ids),
        after=after,
        until=until,
        limit=limit,
    )


async def newest(connection: Connection) -> int:
    """Return the id of the newest failure; 0 where there is none."""
    row = await (await connection.execute(_QUERIES.newest)).fetchone()
    return int(row[0]) if row else 0


async def resolve(connection: Connection, failure_ids: Sequence[int], *, resolution: str, now: datetime) -> set[int]:
    """Close failures with what was done, and return the ids of those that were open."""
    if not failure_ids:
        return set()
    cursor = await connection.execute(
        _QUERIES.resolve, {"ids": sorted(failure_ids), "resolution": resolution, "now": now}
    )
    return {int(row[0]) for row in await cursor.fetchall()}


async def resolve_of(connection: Connection, ids: Iterable[UUID], *, resolution: str, now: datetime) -> None:
    """Close the open failures of communications with what was done."""
    await connection.execute(_QUERIES.resolve_of, {"ids": sorted(ids), "resolution": resolution, "now": now})


@dataclass(frozen=True, slots=True, kw_only=True)
class PastFailure:
    """A failure of one communication, open or resolved."""

    stage: str
    kind: str
    reason: str
    fingerprint: str
    failed_at: datetime
    resolved_at: datetime | None
    resolution: str | None


async def of_communication(connection: Connection, communication_id: UUID) -> list[PastFailure]:
    """Return every failure of one communication, oldest first."""
    return await fetch_all(connection, PastFailure, _QUERIES.of_communication, communication_id=communication_id)


async def reason_of_record(connection: Connection, source_key: str) -> str | None:
    """Return why the latest record with this source key was not taken, or None when there is none such."""
    cursor = await connection.execute(_QUERIES.reason_of_record, {"source_key": source_key})
    row = await cursor.fetchone()
    return None if row is None else str(row[0])
