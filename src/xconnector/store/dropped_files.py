"""Files of drops: which are claimed by whom, what became of each, and whether it lies where it belongs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "dropped_files.sql")


class FileState(StrEnum):
    """What became of a file."""

    CLAIMED = "claimed"
    """It was to be claimed, and may be."""
    TAKEN = "taken"
    REPEATED = "repeated"
    """Its bytes were taken in before."""
    FAILED = "failed"
    GONE = "gone"
    """Somebody else had it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedFileRow:
    """One file that arrived."""

    claimant: str
    feed: str
    connection: str
    name: str
    size: int
    state: str
    attempts: int
    """How often its intake was begun and not put off for an outage."""
    sha256: str | None
    run_id: UUID | None
    reason: str | None
    claimed_at: datetime
    put_away_at: datetime | None
    set_aside: int = 0
    """Of one that was taken, how many of its records stand aside by now; only told by `latest`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a claimed file."""

    state: FileState
    sha256: str | None = None
    run_id: UUID | None = None
    reason: str | None = None


async def claim(
    connection: Connection, *, claimant: str, feed: str, drop: str, name: str, size: int, now: datetime
) -> None:
    """Remember that a file is about to be claimed."""
    await connection.execute(
        _QUERIES.claim,
        {"claimant": claimant, "feed": feed, "connection": drop, "name": name, "size": size, "now": now},
    )


async def open_ones(connection: Connection, feed: str) -> list[DroppedFileRow]:
    """Return the files of a feed that are not put away yet, oldest first."""
    return await fetch_all(connection, DroppedFileRow, _QUERIES.open_ones, feed=feed)


async def latest(connection: Connection, feed: str, limit: int) -> list[DroppedFileRow]:
    """Return the latest files of a feed, newest first."""
    return await fetch_all(connection, DroppedFileRow, _QUERIES.latest, feed=feed, limit=limit)


async def begin(connection: Connection, claimant: str) -> int:
    """Count one more attempt at a file, and return how many there were with it."""
    row = await (await connection.execute(_QUERIES.begin, {"claimant": claimant})).fetchone()
    return int(row[0]) if row else 0


async def forgive(connection: Connection, claimant: str) -> None:
    """Take back that an attempt was counted: it was the outside's fault."""
    await connection.execute(_QUERIES.forgive, {"claimant": claimant})


async def settle(connection: Connection, claimant: str, settled: Settled) -> bool:
    """Say what became of a claimed file; False where that is known already."""
    cursor = await connection.execute(
        _QUERIES.settle,
        {
            "claimant": claimant,
            "state": settled.state,
            "sha256": settled.sha256,
            "run_id": settled.run_id,
            "reason": settled.reason,
        },
    )
    return await cursor.fetchone() is not None


async def put_away(connection: Connection, claimant: str, now: datetime) -> None:
    """Say that a file lies where it belongs, or that it was gone when it was to be claimed."""
    await connection.execute(_QUERIES.put_away, {"claimant": claimant, "now": now})
