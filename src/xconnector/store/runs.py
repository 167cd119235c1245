"""Runs and batches: a run is one file of records, a batch is what moves together."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "runs.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A batch job over one file."""

    run_id: UUID
    name: str
    feed: str
    file_name: str
    file_sha256: str
    project_sha256: str
    expected: int
    """Records counted in the file before the first was taken."""
    declared: int | None
    """Records the source announced, where it does."""
    records_read: int | None
    started_at: datetime
    sealed_at: datetime | None
    """When the last record was read; None while the run still takes records."""


async def start(connection: Connection, run: Run) -> None:
    """Remember a new run."""
    await connection.execute(
        _QUERIES.start,
        {
            "run_id": run.run_id,
            "name": run.name,
            "feed": run.feed,
            "file_name": run.file_name,
            "file_sha256": run.file_sha256,
            "project_sha256": run.project_sha256,
            "expected": run.expected,
            "declared": run.declared,
            "started_at": run.started_at,
        },
    )


async def seal(connection: Connection, run_id: UUID, *, records_read: int, now: datetime) -> None:
    """Say that the run takes no more records."""
    await connection.execute(_QUERIES.seal, {"run_id": run_id, "records_read": records_read, "now": now})


async def find(connection: Connection, name: str) -> Run | None:
    """Return the run of this name or id, or None."""
    return await fetch_one(connection, Run, _QUERIES.find, name=name)


async def unsealed(connection: Connection, *, feed: str, file_sha256: str) -> Run | None:
    """Return the newest run of this very file that was interrupted while it read, or None."""
    return await fetch_one(connection, Run, _QUERIES.unsealed, feed=feed, file_sha256=file_sha256)


async def sealed_of(connection: Connection, *, feed: str, file_sha256: str) -> Run | None:
    """Return the newest run into which this very file was taken as a whole, or None."""
    return await fetch_one(connection, Run, _QUERIES.sealed_of, feed=feed, file_sha256=file_sha256)


async def newest(connection: Connection, limit: int) -> list[Run]:
    """Return the latest runs, newest first."""
    return await fetch_all(connection, Run, _QUERIES.newest, limit=limit)


async def open_batch(connection: Connection, *, run_id: UUID | None, priority: int, now: datetime) -> int:
    """Make a batch and return its id."""
    cursor = await connection.execute(_QUERIES.open_batch, {"run_id": run_id, "priority": priority, "now": now})
    row = await cursor.fetchone()
    assert row is not None, "INSERT … RETURNING gives a row"
    return int(row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Communications that move together."""

    batch_id: int
    run_id: UUID | None
    run_name: str | None
    priority: int


async def batch(connection: Connection, batch_id: int) -> Batch | None:
    """Return a batch, or None."""
    return await fetch_one(connection, Batch, _QUERIES.batch, batch_id=batch_id)


async def unreadable(connection: Connection, run_id: UUID) -> str | None:
    """Return why the first record of a run cannot be read, where none of its records can; else None."""
    row = await (await connection.execute(_QUERIES.unreadable, {"run_id": run_id})).fetchone()
    return None if row is None else str(row[0])


async def count_records(connection: Connection, run_id: UUID) -> int:
    """Count the records of a run that are in the inbox, whatever their fate."""
    cursor = await connection.execute(_QUERIES.count_records, {"run_id": run_id})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
