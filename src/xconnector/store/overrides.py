"""Overrides of customers' fields: added and revoked, never changed; read for a whole batch at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from xconnector.domain.override import OverrideEvent
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store import customer_links
from xconnector.store.rows import fetch_all, to_json

_QUERIES = Queries.load("xconnector.store", "overrides.sql")
_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    asked_key: str
    customer_key: str
    name: str
    value: str | None = field(repr=False)
    reason: str = field(repr=False)
    actor: str
    since: datetime
    until: datetime | None
    revokes: bool

    @property
    def event(self) -> OverrideEvent:
        value: Any = None if self.value is None else _decoder.decode(self.value)
        return OverrideEvent(
            customer_key=self.customer_key,
            name=self.name,
            value=value,
            reason=self.reason,
            by=self.actor,
            since=self.since,
            until=self.until,
            revokes=self.revokes,
        )


async def add(connection: Connection, event: OverrideEvent, now: datetime) -> None:
    """Keep what somebody said of a customer's field."""
    parameters = {
        "customer_key": event.customer_key,
        "field": event.name,
        "value": None if event.value is None else to_json(event.value),
        "reason": event.reason,
        "actor": event.by,
        "since": event.since,
        "until": event.until,
        "revokes": event.revokes,
        "now": now,
    }
    await connection.execute(_QUERIES.add, parameters)


async def of_customers(
    connection: Connection, customer_keys: Sequence[str], *, known_at: datetime | None = None
) -> dict[str, list[OverrideEvent]]:
    """Return by customer what was said of the fields of all its members, as it was recorded, in one query.

    With `known_at` it is what we knew at that moment, also of who was the same customer. Of whom nobody said
    anything is not there.
    """
    keys = list(set(customer_keys))
    found: dict[str, list[OverrideEvent]] = {}
    for row in await _rows(connection, keys, known_at):
        found.setdefault(row.asked_key, []).append(row.event)
    return found


async def _rows(connection: Connection, keys: Sequence[str], known_at: datetime | None) -> Sequence[_Row]:
    if known_at is None:
        return await fetch_all(connection, _Row, _QUERIES.of_customers, customer_keys=keys)
    members = await customer_links.members_at(connection, keys, known_at)
    pairs = [(key, member) for key, those in members.items() for member in those]
    return await fetch_all(
        connection,
        _Row,
        _QUERIES.known_at,
        asked_keys=[key for key, _ in pairs],
        member_keys=[member for _, member in pairs],
        known_at=known_at,
    )
