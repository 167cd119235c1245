"""What each source says of customers, and said before, from which the golden record is computed on read."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from xconnector.domain.customer import Customer, CustomerRecord
from xconnector.domain.customer_history import Heard, hear, latest_at
from xconnector.domain.golden import Survivorship
from xconnector.domain.override import OverrideEvent
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store import customer_links, overrides
from xconnector.store.rows import fetch_all, to_json

_QUERIES = Queries.load("xconnector.store", "customers.sql")
_PAGE = 5000
"""Rows that are read at once."""

_Place = tuple[str, str]
"""Customer and source."""


class _Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    as_of: datetime
    fields: dict[str, Any]
    verified: tuple[str, ...] = ()
    replaces_all: bool = False
    source_row: str = ""


_decoder = msgspec.json.Decoder(list[_Statement])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    asked_key: str = ""
    """The key that was asked about: of the customer, or of one of its members."""
    customer_key: str
    source: str
    statements: str = field(repr=False)
    heard_again: datetime | None = None

    @property
    def place(self) -> _Place:
        return self.customer_key, self.source

    @property
    def records(self) -> list[CustomerRecord]:
        return [
            CustomerRecord(
                customer_key=self.customer_key,
                source=self.source,
                as_of=said.as_of,
                fields=said.fields,
                verified=frozenset(said.verified),
                replaces_all=said.replaces_all,
                heard_again=self.heard_again,
                source_row=said.source_row,
            )
            for said in _decoder.decode(self.statements)
        ]


# ---------------------------------------------------------------- news


async def remember(connection: Connection, records: Iterable[CustomerRecord], now: datetime) -> int:
    """Keep what sources say of customers; returns how many of the records said anything that was not known.

    Of whom a source says all once more, without a time of its own, it is only remembered that it was heard again.
    What a record does not name stays as the source said it before. Older news never replaces newer of the same source;
    of two records of one moment the later one counts. What was said before is kept beside what is said now.
    """
    heard: dict[_Place, list[CustomerRecord]] = {}
    for record in records:
        heard.setdefault((record.customer_key, record.source), []).append(record)
    # In the order of the key, so that two transactions never wait for each other in a circle.
    news = {place: first for place in sorted(heard) if (first := hear((), heard[place])) is not None}
    if not news:
        return 0
    first = _Columns.of(news)
    cursor = await connection.execute(_QUERIES.add, {**first.parameters, "now": now})
    added = {(str(row[0]), str(row[1])) for row in await cursor.fetchall()}
    if len(added) < len(news):
        again = await _known_before(connection, first, heard, added)
        changed = {place: one for place, one in again.items() if one.is_news}
        if changed:
            await connection.execute(_QUERIES.replace, {**_Columns.of(changed).parameters, "now": now})
        if len(changed) < len(again):
            await _hear_again(connection, {place: one for place, one in again.items() if not one.is_news})
        added |= changed.keys()
    return sum(len(heard[place]) for place in added)


async def _known_before(
    connection: Connection, first: "_Columns", heard: Mapping[_Place, Sequence[CustomerRecord]], added: set[_Place]
) -> dict[_Place, Heard]:
    """Return what sources say by now of whom they spoke before, where that is anything new, or was heard again.

    It stays locked.
    """
    known_already = first.without(added)
    rows = await fetch_all(connection, _Row, _QUERIES.hold, **known_already.parameters)
    found = {row.place: hear(replace(row, heard_again=None).records, heard[row.place], row.heard_again) for row in rows}
    return {place: one for place, one in found.items() if one is not None}


async def _hear_again(connection: Connection, heard: Mapping[_Place, Heard]) -> None:
    parameters = {
        "customer_keys": [place[0] for place in heard],
        "sources": [place[1] for place in heard],
        "heard_again": [one.heard_again for one in heard.values()],
    }
    await connection.execute(_QUERIES.hear_again, parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """News as the columns of a statement, each place with its own."""

    rows: Sequence[tuple[_Place, str, str | None, datetime | None]] = field(repr=False)

    @classmethod
    def of(cls, news: Mapping[_Place, Heard]) -> "_Columns":
        return cls(
            rows=[
                (place, _text(one.latest), _text(one.said) if one.said else None, one.heard_again)
                for place, one in news.items()
            ]
        )

    def without(self, places: set[_Place]) -> "_Columns":
        return _Columns(rows=[row for row in self.rows if row[0] not in places]) if places else self

    @property
    def parameters(self) -> dict[str, list[Any]]:
        return {
            "customer_keys": [place[0] for place, *_ in self.rows],
            "sources": [place[1] for place, *_ in self.rows],
            "statements": [latest for _, latest, *_ in self.rows],
            "said": [said for _, _, said, _ in self.rows],
            "heard_again": [heard_again for *_, heard_again in self.rows],
        }


def _text(records: Iterable[CustomerRecord]) -> str:
    return to_json(
        [
            _Statement(
                as_of=record.as_of,
                fields=dict(record.fields),
                verified=tuple(sorted(record.verified)),
                replaces_all=record.replaces_all,
                source_row=record.source_row,
            )
            for record in records
        ]
    )


# ---------------------------------------------------------------- what is said


async def golden_records(
    connection: Connection,
    customer_keys: Sequence[str],
    rules: Survivorship,
    *,
    at: datetime,
    valid_at: datetime | None = None,
    known_at: datetime | None = None,
) -> dict[str, Customer]:
    """Return the golden record of each customer that any source knows, made of all its members; in two queries.

    Args:
        connection: where they are kept.
        customer_keys: whose, by the key of the customer or of a member; those that no source knows are left out.
        rules: which of the sources' values count.
        at: the moment for which the rules are asked, such as how old a value may be.
        valid_at: only what was so by then; all by default.
        known_at: only what we knew by then; all by default.
    """
    said = await statements(connection, customer_keys, valid_at=valid_at, known_at=known_at)
    overridden = await overrides.of_customers(connection, customer_keys, known_at=known_at)
    return {key: rules.golden(key, records, overridden.get(key, ()), at=at) for key, records in said.items()}


async def statements(
    connection: Connection,
    customer_keys: Sequence[str],
    *,
    valid_at: datetime | None = None,
    known_at: datetime | None = None,
) -> dict[str, list[CustomerRecord]]:
    """Return what the sources say of all members of customers, oldest first within a member and source.

    Each field of a member and source stands once, of a source with rows once for each row.
    With `known_at` it is what we knew at that moment, also of who was the same customer; with `valid_at` what held at
    that moment. Both may be asked.
    """
    keys = list(set(customer_keys))
    if valid_at is None and known_at is None:
        return _by_customer(await fetch_all(connection, _Row, _QUERIES.records, customer_keys=keys))
    # Whom we took for one customer is something that we knew as well.
    members = await customer_links.members_at(connection, keys, known_at)
    pairs = [(key, member) for key, those in members.items() for member in those]
    rows = await fetch_all(
        connection,
        _Row,
        _QUERIES.ever_said,
        asked_keys=[key for key, _ in pairs],
        member_keys=[member for _, member in pairs],
        known_at=known_at,
    )
    found: dict[str, list[CustomerRecord]] = {}
    by_then = min(moment for moment in (valid_at, known_at) if moment is not None)
    for (asked_key, *_), history in groupby(rows, key=attrgetter("asked_key", "customer_key", "source")):
        said = list(history)
        # Whoever said it before and after a moment is taken to have said it then.
        again = None if said[-1].heard_again is None else min(said[-1].heard_again, by_then)
        held = latest_at((record for row in said for record in row.records), valid_at)
        if held:
            found.setdefault(asked_key, []).extend(replace(one, heard_again=again) for one in held)
    return found


async def statements_after(connection: Connection, after: str, limit: int = _PAGE) -> dict[str, list[CustomerRecord]]:
    """Return what the sources say of the members whose keys follow `after`; of the first page it is "".

    They are as many whole members as have about `limit` records, in the order of their keys; none when there are no
    more.
    """
    rows = await fetch_all(connection, _Row, _QUERIES.records_after, after=after, limit=limit)
    if len(rows) == limit:
        # The last member may have more rows than were read.
        last = rows[-1].customer_key
        whole = [row for row in rows if row.customer_key != last]
        if not whole:
            whole = await fetch_all(connection, _Row, _QUERIES.records_of_member, member_key=last)
        rows = whole
    return _by_customer(rows)


async def all_statements(
    connection: Connection, *, page: int = _PAGE
) -> AsyncGenerator[dict[str, list[CustomerRecord]]]:
    """Yield what the sources say of every customer, all its members together, in the order of their keys, page by page.

    What is said meanwhile of customers that were not yielded yet is in it.
    """
    after = ""
    while keys := await _members_after(connection, after, page):
        whole = await statements(connection, [member for member, customer_key in keys if member == customer_key])
        yield {key: whole[key] for key, _ in keys if key in whole}
        after, _ = keys[-1]


async def _members_after(connection: Connection, after: str, limit: int) -> list[tuple[str, str]]:
    """Return the members that follow, each with its customer, in the order of their keys."""
    cursor = await connection.execute(_QUERIES.members_after, {"after": after, "limit": limit})
    return [(str(row[0]), str(row[1])) for row in await cursor.fetchall()]


async def all_golden_records(
    connection: Connection, rules: Survivorship, *, at: datetime, page: int = _PAGE
) -> AsyncGenerator[Customer]:
    """Yield the golden record of every customer that any source knows, in the order of their keys, a page at a time.

    While a page is made, the next one is read. What is said meanwhile of customers that were not read yet is in it.
    """
    pages = all_statements(connection, page=page)
    said = await anext(pages, None)
    while said:
        overridden = await overrides.of_customers(connection, list(said))
        golden, said = await asyncio.gather(
            asyncio.to_thread(_all_golden, rules, said, overridden, at), anext(pages, None)
        )
        for one in golden:
            yield one


def _all_golden(
    rules: Survivorship,
    said: Mapping[str, Sequence[CustomerRecord]],
    overridden: Mapping[str, Sequence[OverrideEvent]],
    at: datetime,
) -> list[Customer]:
    return [rules.golden(key, records, overridden.get(key, ()), at=at) for key, records in said.items()]


def _by_customer(rows: Iterable[_Row]) -> dict[str, list[CustomerRecord]]:
    found: dict[str, list[CustomerRecord]] = {}
    for row in rows:
        found.setdefault(row.asked_key, []).extend(row.records)
    return found
