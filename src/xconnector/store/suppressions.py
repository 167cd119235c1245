"""The suppression list: entries are added and lifted, never changed; read for a whole batch at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "suppressions.sql")
_COLUMNS = (
    *("event_id", "customer_key", "medium", "action", "reason", "address", "note", "actor", "source"),
    *("occurred_at", "recorded_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    asked_key: str
    customer_key: str
    medium: str
    action: str
    reason: str | None
    address: str | None = field(repr=False)
    note: str | None = field(repr=False)
    actor: str
    source: str
    occurred_at: datetime
    recorded_at: datetime


async def add(connection: Connection, events: Sequence[SuppressionEvent]) -> int:
    """Put entries on the list; returns how many were new."""
    if not events:
        return 0
    columns = {name: [getattr(event, name) for event in events] for name in _COLUMNS}
    return (await connection.execute(_QUERIES.add, columns)).rowcount


async def of_customers(connection: Connection, customer_keys: Sequence[str]) -> dict[str, list[SuppressionEvent]]:
    """Return by customer what the list says of all its members, oldest first, in one query.

    Of whom it says nothing is not there.
    """
    return await _by_key(connection, _QUERIES.of_customers, customer_keys)


async def of_members(connection: Connection, member_keys: Sequence[str]) -> dict[str, list[SuppressionEvent]]:
    """Return by member what the list says of this very key, as `of_customers` does."""
    return await _by_key(connection, _QUERIES.of_members, member_keys)


async def _by_key(connection: Connection, query: bytes, keys: Sequence[str]) -> dict[str, list[SuppressionEvent]]:
    found: dict[str, list[SuppressionEvent]] = {}
    for row in await fetch_all(connection, _Row, query, customer_keys=list(set(keys))):
        found.setdefault(row.asked_key, []).append(_event(row))
    return found


def _event(row: _Row) -> SuppressionEvent:
    return SuppressionEvent(
        customer_key=row.customer_key,
        medium=Medium(row.medium),
        action=SuppressionAction(row.action),
        reason=SuppressionReason(row.reason) if row.reason else None,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        source=row.source,
        actor=row.actor,
        address=row.address,
        note=row.note,
    )
