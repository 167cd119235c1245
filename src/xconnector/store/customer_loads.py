"""Loads of customers from files: how far each came, what became of its records, and those that were set aside."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from xconnector.postgres.connect import Connection, copy_rows
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "customer_loads.sql")
_PAGE = 2000
MOST_UNKNOWN = 100
"""Fields that are told of a load."""
_counts = msgspec.json.Decoder(dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLoad:
    """One file of one source, with its control totals: records = kept + unchanged + set aside."""

    load_id: UUID
    source: str
    feed: str
    """That read the file; empty where none did."""
    file_name: str
    file_sha256: str
    as_of: datetime
    """Of every record that does not say it itself."""
    is_full: bool
    """Whether the file was all that the source has."""
    declared: int | None
    """Records that the maker of the file declared."""
    records: int = 0
    """Read so far."""
    kept: int = 0
    """They said something that was not known."""
    unchanged: int = 0
    """They said only what was known."""
    set_aside: int = 0
    retracted: int = 0
    """Customers that a full file did not hold any more."""
    started_at: datetime
    ended_at: datetime | None = None
    """None while it is under way, or after it was interrupted."""
    failure: str | None = None
    """Why it was given up before the end of its file; None where it was not."""
    unknown: str | None = None
    """Fields that the project does not know with the number of their records, as JSON; None where there are none."""

    @property
    def unknown_fields(self) -> Mapping[str, int]:
        """Return those fields, of most records first."""
        return {} if self.unknown is None else _counts.decode(self.unknown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A record that was set aside."""

    position: int
    """Among the records of the file, from 1."""
    line: int
    reason: str
    """Names fields, never values."""
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What became of a page of records."""

    kept: int
    unchanged: int
    rejects: Sequence[Reject]
    unknown: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of how many records each field is that the project does not know."""

    @property
    def records(self) -> int:
        return self.kept + self.unchanged + len(self.rejects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """How many customers of a source are not among those that were listed."""

    gone: int
    known: int
    """Of the source, as far as it did not delete them."""


async def begin(connection: Connection, load: CustomerLoad) -> CustomerLoad:
    """Remember a load, or return the one of this very file that was interrupted."""
    await connection.execute(
        _QUERIES.begin,
        {
            "load_id": load.load_id,
            "source": load.source,
            "feed": load.feed,
            "file_name": load.file_name,
            "file_sha256": load.file_sha256,
            "as_of": load.as_of,
            "is_full": load.is_full,
            "declared": load.declared,
            "started_at": load.started_at,
        },
    )
    found = await fetch_one(
        connection,
        CustomerLoad,
        _QUERIES.under_way,
        source=load.source,
        feed=load.feed,
        file_sha256=load.file_sha256,
    )
    assert found is not None, "it was begun in this transaction or before"
    return found


async def advance(connection: Connection, load_id: UUID, progress: Progress, *, after: int) -> bool:
    """Remember what became of the records that follow the first `after`; False where another program took them."""
    cursor = await connection.execute(
        _QUERIES.advance,
        {
            "load_id": load_id,
            "after": after,
            "kept": progress.kept,
            "unchanged": progress.unchanged,
            "set_aside": len(progress.rejects),
        },
    )
    if cursor.rowcount == 0:
        return False
    if progress.rejects:
        await connection.execute(
            _QUERIES.set_aside,
            {
                "load_id": load_id,
                "positions": [reject.position for reject in progress.rejects],
                "lines": [reject.line for reject in progress.rejects],
                "reasons": [reject.reason for reject in progress.rejects],
                "payloads": [reject.payload for reject in progress.rejects],
            },
        )
    if progress.unknown:
        names = sorted(progress.unknown, key=lambda name: -progress.unknown[name])[:MOST_UNKNOWN]
        counts = [progress.unknown[name] for name in names]
        parameters = {"load_id": load_id, "fields": names, "records": counts, "most": MOST_UNKNOWN}
        await connection.execute(_QUERIES.add_unknown, parameters)
    return True


async def give_up(connection: Connection, load_id: UUID, failure: str, now: datetime) -> None:
    """End a load that cannot go on: given again, the file is read from its beginning."""
    await connection.execute(_QUERIES.give_up, {"load_id": load_id, "failure": failure, "now": now})


async def end(connection: Connection, load_ids: Sequence[UUID], *, retracted: int, now: datetime) -> None:
    """End loads that belong together; the last of them is told how many customers were retracted."""
    await connection.execute(
        _QUERIES.end, {"load_ids": list(load_ids), "last": load_ids[-1], "retracted": retracted, "now": now}
    )


async def of_ids(connection: Connection, load_ids: Sequence[UUID]) -> list[CustomerLoad]:
    """Return loads in the order in which they are named."""
    found = await fetch_all(connection, CustomerLoad, _QUERIES.of_ids, load_ids=list(load_ids))
    return sorted(found, key=lambda load: load_ids.index(load.load_id))


async def newest(connection: Connection, limit: int) -> list[CustomerLoad]:
    """Return the latest loads, newest first."""
    return await fetch_all(connection, CustomerLoad, _QUERIES.newest, limit=limit)


async def find(connection: Connection, load_id: UUID) -> CustomerLoad | None:
    """Return a load, or None."""
    return next(iter(await of_ids(connection, [load_id])), None)


async def ids_like(connection: Connection, beginning: str, limit: int) -> list[UUID]:
    """Return the ids of loads that begin so, the newest first."""
    cursor = await connection.execute(_QUERIES.ids_like, {"beginning": beginning.lower(), "limit": limit})
    return [row[0] for row in await cursor.fetchall()]


async def rejects(connection: Connection, load_id: UUID, *, after: int = 0, limit: int = _PAGE) -> list[Reject]:
    """Return records that were set aside, in the file's order, those that follow a position."""
    return await fetch_all(connection, Reject, _QUERIES.rejects, load_id=load_id, after=after, limit=limit)


# ---------------------------------------------------------------- full files


async def open_list(connection: Connection) -> None:
    """Begin a list of customers, which lives as long as this connection."""
    await connection.execute(_QUERIES.open_list)


async def write_down(connection: Connection, customer_keys: Iterable[str]) -> None:
    """Put customers on the list; one may stand there more than once."""
    await copy_rows(connection, _QUERIES.write_down, [(key,) for key in customer_keys])


async def find_gone(connection: Connection, source: str) -> Gone:
    """Find the customers of a source that are not on the list, once it is whole."""
    cursor = await connection.execute(_QUERIES.find_gone, {"source": source})
    gone = cursor.rowcount
    cursor = await connection.execute(_QUERIES.count_known, {"source": source})
    row = await cursor.fetchone()
    return Gone(gone=gone, known=int(row[0]) if row else 0)


async def gone_customers(connection: Connection) -> AsyncGenerator[list[str]]:
    """Yield the customers that were found to be gone, in pages."""
    after = ""
    while True:
        cursor = await connection.execute(_QUERIES.gone_after, {"after": after, "limit": _PAGE})
        keys = [str(row[0]) for row in await cursor.fetchall()]
        if not keys:
            return
        yield keys
        after = keys[-1]
