"""Matching: the members and their keys, in temporary tables that are gone when it ends.

Keys are kept as digests under a secret that nobody else ever has, and no longer than matching takes.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.matching.clustering import Union
from xconnector.postgres.connect import Connection, Pool, copy_text, reading
from xconnector.postgres.copying import as_text
from xconnector.postgres.queries import Queries
from xconnector.store import customer_links

_QUERIES = Queries.load("xconnector.store", "customer_matching.sql")
_PAGE = 5000
"""Blocks that are read at once."""
_SHOWN = 5
_MOST_CROWDS = 100

Key: TypeAlias = tuple[int, str, int]
"""The position of the rule, the digest of the key in hexadecimal digits, and the number of the member that has it."""
SaidRow: TypeAlias = tuple[int, str, str, str, datetime | None]
"""Number and key of a member, a source, what that says of it as it is stored, and when it last said so again."""

_NOT_VERIFIED: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdOfNumbers:
    """A key that is shared by too many members."""

    members: int
    first: Sequence[int]


@asynccontextmanager
async def opened(pool: Pool) -> AsyncGenerator[tuple[Connection, int]]:
    """Number all members for the block; gives the connection that knows them, and how many they are."""
    async with reading(pool) as connection:
        await _close(connection)
        try:
            for name in ("number", "analyze_members", "index_members", "open_keys"):
                await connection.execute(_QUERIES[name])
            row = await (await connection.execute(_QUERIES.count)).fetchone()
            yield connection, int(row[0]) if row else 0
        finally:
            if not connection.closed:
                await _close(connection)


async def _close(connection: Connection) -> None:
    await connection.execute(_QUERIES.close_members)
    await connection.execute(_QUERIES.close_keys)


async def said(connection: Connection, first: int, end: int) -> list[SaidRow]:
    """Return what the sources say of the members from one number up to, not including, another, by number.

    Who was erased since members were numbered is not there.
    """
    cursor = await connection.execute(_QUERIES.said, {"first": first, "end": end})
    return [(row[0], row[1], row[2], row[3], row[4]) for row in await cursor.fetchall()]


class NarrowReading:
    """Reads of what sources say only some fields: most of it decides nothing of who is the same customer."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = sorted(names)
        # The others are skipped where they stand. Names of fields may be no names in Python.
        attributes = {f"field_{place}": name for place, name in enumerate(self._names)}
        wanted = msgspec.defstruct("Wanted", [(one, Any, msgspec.UNSET) for one in attributes], rename=attributes)
        statement = msgspec.defstruct(
            "Statement",
            [
                *(("as_of", datetime), ("fields", wanted)),
                *(("verified", tuple[str, ...], ()), ("replaces_all", bool, False), ("source_row", str, "")),
            ],
        )
        self._statements: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[statement])

    def members(self, rows: Iterable[SaidRow]) -> dict[int, list[CustomerRecord]]:
        """Return by number what the sources say of members."""
        found: dict[int, list[CustomerRecord]] = {}
        for number, member_key, source, statements, heard_again in rows:
            found.setdefault(number, []).extend(self._records(member_key, source, statements, heard_again))
        return found

    def _records(
        self, member_key: str, source: str, statements: str, heard_again: datetime | None
    ) -> list[CustomerRecord]:
        return [
            CustomerRecord(
                customer_key=member_key,
                source=source,
                as_of=said.as_of,
                fields=self._wanted(said.fields),
                verified=frozenset(said.verified) if said.verified else _NOT_VERIFIED,
                replaces_all=said.replaces_all,
                heard_again=heard_again,
                source_row=said.source_row,
            )
            for said in self._statements.decode(statements)
        ]

    def _wanted(self, fields: msgspec.Struct) -> dict[str, Any]:
        values = msgspec.structs.astuple(fields)
        return {name: value for name, value in zip(self._names, values, strict=True) if value is not msgspec.UNSET}


async def members_of(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return the members of numbers."""
    cursor = await connection.execute(_QUERIES.names, {"numbers": list(numbers)})
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}


async def known(connection: Connection) -> list[tuple[int, int]]:
    """Return every member that is not its own customer, with the first member of that customer."""
    return await _pairs(connection, _QUERIES.known)


async def apart(connection: Connection) -> list[tuple[int, int]]:
    """Return every pair that is said to be two customers."""
    return await _pairs(connection, _QUERIES.apart)


async def _pairs(connection: Connection, query: bytes) -> list[tuple[int, int]]:
    return [(int(row[0]), int(row[1])) for row in await (await connection.execute(query)).fetchall()]


def keys_text(keys: Sequence[Key]) -> str:
    """Return keys as `keep_keys` takes them."""
    text = as_text(keys)
    assert text is not None, "numbers and text are always known"
    return text


async def keep_keys(connection: Connection, keys: str) -> None:
    """Take keys of members in, as `keys_text` gives them."""
    await copy_text(connection, _QUERIES.keep_keys, keys)


async def blocks(connection: Connection, rule: int, *, most: int) -> AsyncGenerator[list[list[int]]]:
    """Yield, a page at a time, the members that share a key under a rule; not those of keys that more share."""
    async with connection.transaction(), connection.cursor(name="matching_blocks") as cursor:
        await cursor.execute(_QUERIES.blocks, {"rule": rule, "most": most})
        while rows := await cursor.fetchmany(_PAGE):
            yield [list(row[0]) for row in rows]


async def crowds(connection: Connection, rule: int, *, most: int) -> list[CrowdOfNumbers]:
    """Return the keys that more than `most` members share under a rule, the first hundred of them."""
    parameters = {"rule": rule, "most": most, "shown": _SHOWN, "limit": _MOST_CROWDS}
    cursor = await connection.execute(_QUERIES.crowds, parameters)
    return [CrowdOfNumbers(members=int(row[0]), first=list(row[1])) for row in await cursor.fetchall()]


# ---------------------------------------------------------------------------- what became one


async def link(connection: Connection, unions: Sequence[Union], *, rule: str, actor: str, now: datetime) -> int:
    """Write what became one, except where somebody else changed it meanwhile; returns how many links were written.

    It needs a transaction, and nobody else changes who is the same customer until that ends.
    """
    await customer_links.hold(connection)
    changed = await _changed(connection, unions)
    kept = [union for place, union in enumerate(unions) if place not in changed]
    links = [pair for union in kept for pair in union.links]
    if links:
        pairs = {"firsts": [one for one, _ in links], "seconds": [other for _, other in links]}
        parameters = {**pairs, "basis": rule, "actor": actor, "now": now}
        await connection.execute(_QUERIES.say_linked, parameters, prepare=False)
        # The first member of the first is the customer from now on.
        placed = [(member, union.customers[0][0]) for union in kept for of in union.customers for member in of]
        columns = {"members": [member for member, _ in placed], "customers": [customer for _, customer in placed]}
        await connection.execute(_QUERIES.place, {**columns, "now": now}, prepare=False)
    return len(links)


async def _changed(connection: Connection, unions: Sequence[Union]) -> set[int]:
    """Return the places of those unions whose members are not any more as they were, or are said to be two."""
    before = [(place, member, of[0]) for place, union in enumerate(unions) for of in union.customers for member in of]
    columns = {
        "places": [place for place, _, _ in before],
        "members": [member for _, member, _ in before],
        "customers": [customer for _, _, customer in before],
    }
    # Planned for as many as there are: what is planned once for all takes any list for a short one.
    cursor = await connection.execute(_QUERIES.changed, columns, prepare=False)
    return {int(row[0]) for row in await cursor.fetchall()}


async def analyze_links(connection: Connection) -> None:
    """Let the planner know of many new links, before anybody reads by them."""
    await connection.execute(_QUERIES.analyze_links)
