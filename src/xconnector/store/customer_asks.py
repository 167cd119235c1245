"""Asks and events whose keys name a customer: which of them stand under the key of one that is another by now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "customer_asks.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class AstrayAsk:
    """An ask whose member belongs to another customer than when its keys were made."""

    communication_id: UUID
    record_id: int
    name: str
    """The kind of its communication."""
    keyed_for: str
    """The customer for whom its keys were made."""
    customer_key: str
    """The customer to whom its member belongs now."""
    once_key: UUID | None
    order_key: UUID | None
    collapse_key: UUID | None
    parent_key: UUID | None
    is_waiting: bool
    counters: list[UUID]
    """Under which events cancel it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AstrayEvent:
    """An event that is kept under a key of another customer than that of its member now."""

    key: UUID
    record_id: int
    event_type: str
    keyed_for: str
    customer_key: str


async def astray_asks(connection: Connection, member_keys: Iterable[str]) -> list[AstrayAsk]:
    """Return the asks of these members' customers that stand under another's keys, and what does not belong there."""
    return await fetch_all(connection, AstrayAsk, _QUERIES.asks, members=sorted(set(member_keys)))


async def astray_events(connection: Connection, member_keys: Iterable[str]) -> list[AstrayEvent]:
    """Return the events of these members' customers that stand under another's keys, and what does not belong there."""
    return await fetch_all(connection, AstrayEvent, _QUERIES.heard, members=sorted(set(member_keys)))


async def astray_waiting(connection: Connection, *, limit: int) -> list[UUID]:
    """Return what waits under keys of another customer than its member's by now, or for an event that is kept so."""
    cursor = await connection.execute(_QUERIES.astray, {"most": limit})
    return [row[0] for row in await cursor.fetchall()]


async def waiting_for(connection: Connection, keys: Iterable[UUID]) -> list[UUID]:
    """Return communications that wait for an event under one of these keys."""
    cursor = await connection.execute(_QUERIES.children, {"keys": sorted(set(keys))})
    return [row[0] for row in await cursor.fetchall()]


async def members_of(connection: Connection, communication_ids: Sequence[UUID]) -> list[str]:
    """Return the members whom communications name."""
    cursor = await connection.execute(_QUERIES.members, {"ids": list(communication_ids)})
    return [str(row[0]) for row in await cursor.fetchall()]


async def move_asks(
    connection: Connection, asks: Sequence[AstrayAsk], instead: Mapping[UUID, Mapping[UUID, UUID]]
) -> None:
    """Let asks stand under their customers' keys; `instead` gives, by communication, the new key of each old one."""
    if not asks:
        return

    def moved(ask: AstrayAsk, key: UUID | None) -> UUID | None:
        return None if key is None else instead.get(ask.communication_id, {}).get(key, key)

    await connection.execute(
        _QUERIES.move_asks,
        {
            "ids": [ask.communication_id for ask in asks],
            "once": [moved(ask, ask.once_key) for ask in asks],
            "orders": [moved(ask, ask.order_key) for ask in asks],
            "collapses": [moved(ask, ask.collapse_key) for ask in asks],
            "parents": [moved(ask, ask.parent_key) for ask in asks],
            "customers": [ask.customer_key for ask in asks],
        },
    )
    counters = [(ask, key, new) for ask in asks for key in ask.counters if (new := moved(ask, key)) != key]
    if counters:
        columns = {
            "ids": [ask.communication_id for ask, _, _ in counters],
            "before": [key for _, key, _ in counters],
            "after": [new for _, _, new in counters],
        }
        await connection.execute(_QUERIES.move_counters, columns)


async def move_events(connection: Connection, moves: Sequence[tuple[AstrayEvent, UUID]]) -> None:
    """Keep events under the new keys that are given."""
    if moves:
        columns = {
            "records": [one.record_id for one, _ in moves],
            "before": [one.key for one, _ in moves],
            "after": [key for _, key in moves],
            "customers": [one.customer_key for one, _ in moves],
        }
        await connection.execute(_QUERIES.move_heard, columns)
