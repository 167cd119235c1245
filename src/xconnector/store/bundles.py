"""Bundles: pieces that wait for a print house, gathered into one hand-over."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "bundles.sql")
_FETCHED_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Pieces that are ready to leave together: those of one run, or the single ones of a cut-off."""

    run_id: UUID | None
    run_name: str | None


async def ready_runs(connection: Connection, channel: str, *, collected_before: datetime) -> list[Gathering]:
    """Return the runs of which pieces wait and through which nothing more can come to this channel.

    After a run's first bundle, late pieces are ready when one was collected before this time.
    """
    waiting = await fetch_all(
        connection, Gathering, _QUERIES.waiting_runs, channel=channel, collected_before=collected_before
    )
    return [row for row in waiting if not await _is_under_way(connection, row.run_id)]


async def _is_under_way(connection: Connection, run_id: UUID | None) -> bool:
    cursor = await connection.execute(_QUERIES.any_batch_under_way, {"run_id": run_id})
    return await cursor.fetchone() is not None


async def ready_singles(connection: Connection, channel: str, *, collected_before: datetime) -> Gathering | None:
    """Return the single pieces, if any was collected before this time; later ones go with them."""
    return await fetch_one(
        connection, Gathering, _QUERIES.ready_singles, channel=channel, collected_before=collected_before
    )


async def count_waiting(connection: Connection, channel: str, *, run_id: UUID | None) -> int:
    """Count the pieces of a run, or the single ones, that wait for a bundle."""
    cursor = await connection.execute(_QUERIES.count_waiting, {"channel": channel, "run_id": run_id})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRow:
    """A bundle as it was recorded."""

    bundle_key: str
    connection: str
    run_id: UUID | None
    run_name: str | None
    pieces: int
    state: str
    attempts: int
    reference: str | None
    created_at: datetime
    first_number: int
    """Of its first piece among all that ever went to its connection."""
    lately: int
    """Pieces that were bound for its connection in the 45 days before it, its own among them."""


async def gather(
    connection: Connection, channel: str, *, bundle_key: str, run_id: UUID | None, at_most: int, now: datetime
) -> int:
    """Bind waiting pieces to a new bundle in print order, and return how many they are.

    Print order is the sort key of the piece (country, postcode), then its identity.
    """
    await connection.execute(
        _QUERIES.open_bundle, {"bundle_key": bundle_key, "channel": channel, "run_id": run_id, "now": now}
    )
    cursor = await connection.execute(
        _QUERIES.bind, {"bundle_key": bundle_key, "channel": channel, "run_id": run_id, "at_most": at_most}
    )
    pieces = cursor.rowcount
    await connection.execute(_QUERIES.count_pieces, {"bundle_key": bundle_key, "pieces": pieces, "channel": channel})
    return pieces


async def find(connection: Connection, bundle_key: str) -> BundleRow | None:
    """Return a bundle, or None."""
    return await fetch_one(connection, BundleRow, _QUERIES.find, bundle_key=bundle_key)


async def set_state(
    connection: Connection, bundle_key: str, *, origin: str, target: str, reference: str | None = None
) -> bool:
    """Move a bundle on; False when it was not in the origin state."""
    cursor = await connection.execute(
        _QUERIES.set_state, {"bundle_key": bundle_key, "origin": origin, "target": target, "reference": reference}
    )
    return cursor.rowcount == 1


async def count_attempt(connection: Connection, bundle_key: str) -> None:
    """Count an attempt to hand a bundle over."""
    await connection.execute(_QUERIES.count_attempt, {"bundle_key": bundle_key})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One dispatch of a bundle with what its hand-over needs."""

    dispatch_key: str
    communication_id: UUID
    batch_id: int
    name: str
    title: str
    language: str
    recipient: str = field(repr=False)
    proof: str | None
    """The proof of mailing that is asked of the post."""
    print_options: str | None
    """What the print house is told of it, as JSON text."""
    sha256: str | None
    pages: int | None
    pack: str | None
    pack_offset: int | None
    pack_length: int | None
    is_released: bool
    """Whether the renditions are those that were released, as their digests say."""
    reprint_of: str | None = None
    """The piece of the same hop that a house has already, where this one is printed for it once more."""


async def pieces(connection: Connection, bundle_key: str) -> list[Piece]:
    """Return the pieces of a bundle whose hand-over is open, in print order; `pieces_per_bundle` bounds them.

    To be called in a transaction: thousands of rows are fetched in parts, so that they are in memory only once.
    """
    async with connection.cursor(name="pieces", row_factory=class_row(Piece)) as cursor:
        cursor.itersize = _FETCHED_AT_ONCE
        await cursor.execute(_QUERIES.pieces, {"bundle_key": bundle_key})
        return [piece async for piece in cursor]
