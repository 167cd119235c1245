"""What each source says of customers, from which the golden record is computed on read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from xconnector.domain.customer import Customer, CustomerRecord
from xconnector.domain.customer_statements import latest_of
from xconnector.domain.golden import Survivorship
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, to_json

_QUERIES = Queries.load("xconnector.store", "customers.sql")

_Place = tuple[str, str]
"""Customer and source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    as_of: datetime
    fields: dict[str, Any] = field(repr=False)
    verified: frozenset[str] = frozenset()
    replaces_all: bool = False


_decoder = msgspec.json.Decoder(list[_Statement])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    customer_key: str
    source: str
    statements: str = field(repr=False)

    @property
    def records(self) -> list[CustomerRecord]:
        return [
            CustomerRecord(
                customer_key=self.customer_key,
                source=self.source,
                as_of=said.as_of,
                fields=said.fields,
                verified=said.verified,
                replaces_all=said.replaces_all,
            )
            for said in _decoder.decode(self.statements)
        ]


async def remember(connection: Connection, records: Iterable[CustomerRecord], now: datetime) -> None:
    """Keep what sources say of customers. What a record does not name stays as the source said it before.

    Older news never replaces newer of the same source; of two records of one moment the later one counts.
    """
    heard: dict[_Place, list[CustomerRecord]] = {}
    for record in records:
        heard.setdefault((record.customer_key, record.source), []).append(record)
    # In the order of the key, so that two transactions never wait for each other in a circle.
    news = {place: latest for place in sorted(heard) if (latest := latest_of(heard[place]))}
    if not news:
        return
    cursor = await connection.execute(_QUERIES.add, {**_columns(news), "now": now})
    added = {(str(row[0]), str(row[1])) for row in await cursor.fetchall()}
    await _bring_up_to_date(connection, {place: said for place, said in news.items() if place not in added}, now)


async def _bring_up_to_date(
    connection: Connection, news: Mapping[_Place, Sequence[CustomerRecord]], now: datetime
) -> None:
    if not news:
        return
    customer_keys, sources = zip(*news, strict=True)
    rows = await fetch_all(connection, _Row, _QUERIES.hold, customer_keys=list(customer_keys), sources=list(sources))
    changed: dict[_Place, Sequence[CustomerRecord]] = {}
    for row in rows:
        place, known = (row.customer_key, row.source), row.records
        latest = latest_of([*known, *news[place]])
        if latest != known:
            changed[place] = latest
    if changed:
        await connection.execute(_QUERIES.replace, {**_columns(changed), "now": now})


def _columns(said: Mapping[_Place, Sequence[CustomerRecord]]) -> dict[str, list[str]]:
    statements = [
        [
            _Statement(
                as_of=record.as_of,
                fields=dict(record.fields),
                verified=record.verified,
                replaces_all=record.replaces_all,
            )
            for record in records
        ]
        for records in said.values()
    ]
    return {
        "customer_keys": [customer_key for customer_key, _ in said],
        "sources": [source for _, source in said],
        "statements": [to_json(each) for each in statements],
    }


async def golden_records(
    connection: Connection, customer_keys: Sequence[str], rules: Survivorship, *, at: datetime
) -> dict[str, Customer]:
    """Return the golden record, as of a time, of each customer that any source knows; in one query."""
    rows = await fetch_all(connection, _Row, _QUERIES.records, customer_keys=list(set(customer_keys)))
    by_customer: dict[str, list[CustomerRecord]] = {}
    for row in rows:
        by_customer.setdefault(row.customer_key, []).extend(row.records)
    return {key: rules.golden(key, records, at=at) for key, records in by_customer.items()}
