"""Decision tables that ever decided or were proposed, under their SHA-256: yesterday's letter has yesterday's table."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "tables.sql")
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TableContent:
    """A table as it is kept."""

    sha256: str
    """`DecisionTable.sha256`: of what it decides, not of its text."""
    name: str
    content: str = field(repr=False)
    """The whole table in its JSON form; `project/tables/stored.py` reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTable(TableContent):
    """A table that is kept, and since when."""

    kept_at: datetime


async def keep(connection: Connection, tables: Sequence[TableContent], now: datetime) -> None:
    """Keep tables. One that is kept already stays as it is."""
    # Each digest once, and in one order for all: two that keep the same tables wait for each other, and never both.
    given = {one.sha256: one for one in tables}
    if given:
        await connection.execute(
            _QUERIES.keep,
            {
                "digests": list(given),
                "names": [one.name for one in given.values()],
                "contents": [one.content for one in given.values()],
                "now": now,
            },
        )


async def find(connection: Connection, sha256: str) -> KeptTable | None:
    """Return the table that is kept under a digest, or None."""
    return await fetch_one(connection, KeptTable, _QUERIES.find, sha256=sha256)


async def find_all(connection: Connection, digests: Sequence[str]) -> list[KeptTable]:
    """Return the tables that are kept under these digests, in no order."""
    return await fetch_all(connection, KeptTable, _QUERIES.find_all, digests=list(digests))


async def every(connection: Connection) -> AsyncIterator[KeptTable]:
    """Yield every table that is kept, in the order of their digests."""
    after = ""
    while page := await fetch_all(connection, KeptTable, _QUERIES.page, after=after, most=_PAGE):
        for one in page:
            yield one
        after = page[-1].sha256


async def begins_with(connection: Connection, name: str, digits: str) -> list[str]:
    """Return at most two digests of kept tables of a name that begin with these digits."""
    cursor = await connection.execute(_QUERIES.begins_with, {"name": name, "digits": digits})
    return [str(row[0]) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in the store of some tables."""

    head: str | None
    """Digest of the last event in the ledger of tables, which stands for all of it; None where it is empty."""
    unkept: Sequence[str]
    """Digests under which nothing is kept."""
    survivorship: str | None = None
    """Digest of the table of survivorship that decided last; None where none ever did."""


async def standing(connection: Connection, digests: Sequence[str]) -> Standing:
    """Return what is not kept of these, and how far the ledger of tables is, in one small query."""
    found = await fetch_one(connection, Standing, _QUERIES.standing, digests=list(digests))
    return found or Standing(head=None, unkept=digests)
