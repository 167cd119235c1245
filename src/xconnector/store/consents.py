"""What customers said yes and no to: kept word by word, read for a whole batch at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from xconnector.domain.consent import ConsentAction, ConsentBasis, ConsentEvent, ConsentMethod
from xconnector.domain.routing.plan import Medium
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "consents.sql")
_COLUMNS = (
    *("event_id", "customer_key", "medium", "scope", "action", "basis", "wording", "language", "method", "shown"),
    *("evidence", "actor", "source", "occurred_at", "recorded_at", "expires_on"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    asked_key: str
    customer_key: str
    medium: str
    scope: str
    action: str
    basis: str | None
    wording: str | None
    language: str | None
    method: str | None
    shown: bool
    evidence: str | None = field(repr=False)
    actor: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    expires_on: date | None


async def add(connection: Connection, events: Sequence[ConsentEvent]) -> int:
    """Keep what customers said; returns how many words were new."""
    if not events:
        return 0
    columns = {name: [getattr(event, name) for event in events] for name in _COLUMNS}
    return (await connection.execute(_QUERIES.add, columns)).rowcount


async def of_customers(connection: Connection, customer_keys: Sequence[str]) -> dict[str, list[ConsentEvent]]:
    """Return by customer what all its members said, oldest first, in one query; who never spoke is not there."""
    return await _by_key(connection, _QUERIES.of_customers, customer_keys)


async def of_members(connection: Connection, member_keys: Sequence[str]) -> dict[str, list[ConsentEvent]]:
    """Return by member what each said under this very key, as `of_customers` does."""
    return await _by_key(connection, _QUERIES.of_members, member_keys)


async def _by_key(connection: Connection, query: bytes, keys: Sequence[str]) -> dict[str, list[ConsentEvent]]:
    found: dict[str, list[ConsentEvent]] = {}
    for row in await fetch_all(connection, _Row, query, customer_keys=list(set(keys))):
        found.setdefault(row.asked_key, []).append(_event(row))
    return found


def _event(row: _Row) -> ConsentEvent:
    return ConsentEvent(
        customer_key=row.customer_key,
        medium=Medium(row.medium),
        scope=row.scope,
        action=ConsentAction(row.action),
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        source=row.source,
        actor=row.actor,
        basis=ConsentBasis(row.basis) if row.basis else None,
        wording=row.wording,
        language=row.language,
        method=ConsentMethod(row.method) if row.method else None,
        shown=row.shown,
        evidence=row.evidence,
        expires_on=row.expires_on,
    )
