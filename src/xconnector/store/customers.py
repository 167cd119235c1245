"""Customer records by source, from which the golden record is computed on read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from xconnector.domain.customer import Customer, CustomerRecord, golden_record
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, from_json, to_json

_QUERIES = Queries.load("xconnector.store", "customers.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    customer_key: str
    source: str
    as_of: datetime
    fields: str


async def remember(connection: Connection, records: Iterable[CustomerRecord], now: datetime) -> None:
    """Keep what sources say of customers; older news never replaces newer of the same source."""
    newest: dict[tuple[str, str], CustomerRecord] = {}
    for record in records:
        place = (record.customer_key, record.source)
        if place not in newest or newest[place].as_of <= record.as_of:
            newest[place] = record
    if not newest:
        return
    # In the order of the key, so that two transactions never wait for each other in a circle.
    rows = [newest[place] for place in sorted(newest)]
    await connection.execute(
        _QUERIES.remember,
        {
            "customer_keys": [row.customer_key for row in rows],
            "sources": [row.source for row in rows],
            "as_of": [row.as_of for row in rows],
            "fields": [to_json(row.fields) for row in rows],
            "now": now,
        },
    )


async def golden_records(connection: Connection, customer_keys: Sequence[str]) -> dict[str, Customer]:
    """Return the golden record of each customer that any source knows, in one query."""
    rows = await fetch_all(connection, _Row, _QUERIES.records, customer_keys=list(set(customer_keys)))
    by_customer: dict[str, list[CustomerRecord]] = {}
    for row in rows:
        record = CustomerRecord(
            customer_key=row.customer_key, source=row.source, as_of=row.as_of, fields=from_json(row.fields)
        )
        by_customer.setdefault(row.customer_key, []).append(record)
    return {key: golden_record(key, records) for key, records in by_customer.items()}
