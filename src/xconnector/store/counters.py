"""Counter-events: what was heard that cancels communications, or that they wait for, and which it did cancel."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.trigger.book import Heard, Origin
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "counters.sql")
OVER = (State.SUPPRESSED, State.CANCELLED)
"""States that no communication leaves again; one that was handed over may come back."""


async def listen(connection: Connection, listening: Sequence[tuple[UUID, UUID]]) -> None:
    """Let communications be cancelled by events under keys, as (key, communication)."""
    if listening:
        keys, ids = zip(*sorted(listening), strict=True)
        await connection.execute(_QUERIES.listen, {"keys": list(keys), "ids": list(ids)})


async def forget_listeners(connection: Connection, *, most: int) -> int:
    """Forget under which keys those are cancelled that are over for good; returns how many rows that were."""
    return (await connection.execute(_QUERIES.forget_listeners, {"over": [*OVER], "most": most})).rowcount


async def hear(connection: Connection, heard: Sequence[Heard], now: datetime) -> None:
    """Keep events, each once under its key."""
    if not heard:
        return
    await connection.execute(
        _QUERIES.hear,
        {
            "keys": [one.key for one in heard],
            "records": [one.origin.record_id for one in heard],
            "events": [one.event for one in heard],
            "sources": [one.origin.source for one in heard],
            "source_keys": [one.origin.source_key for one in heard],
            "as_of": [one.as_of for one in heard],
            "members": [one.member_key for one in heard],
            "customers": [one.customer_key for one in heard],
            "now": now,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _HeardRow:
    key: UUID
    record_id: int
    event_type: str
    source: str
    source_key: str
    as_of: datetime


async def heard_under(connection: Connection, keys: Iterable[UUID]) -> list[Heard]:
    """Return under each key the event that happened first and the one that happened last."""
    wanted = sorted(set(keys))
    if not wanted:
        return []
    rows = await fetch_all(connection, _HeardRow, _QUERIES.heard, keys=wanted)
    return [
        Heard(
            key=row.key,
            origin=Origin(record_id=row.record_id, source=row.source, source_key=row.source_key),
            as_of=row.as_of,
            event=row.event_type,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _MeantRow:
    communication_id: UUID
    batch_id: int
    name: str
    state: str
    as_of: datetime
    connection: str | None
    handed_over_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A communication that an event comes to cancel, as it stands now."""

    communication_id: UUID
    batch_id: int
    name: str
    state: State
    as_of: datetime
    """When what asked for it was so."""
    connection: str | None
    """Of the present hop."""
    handed_over_at: datetime | None
    """When its latest hand-over was intended that happened, or may have."""
    keys: frozenset[UUID]
    """Under which it is meant."""


async def meant(connection: Connection, keys: Iterable[UUID]) -> list[Meant]:
    """Hold the communications that listen under these keys until the transaction ends, and return them.

    Those that are over for good are left out.
    """
    listening: dict[UUID, set[UUID]] = {}
    cursor = await connection.execute(_QUERIES.listening, {"keys": sorted(set(keys)), "over": [*OVER]})
    for key, communication_id in await cursor.fetchall():
        listening.setdefault(communication_id, set()).add(key)
    if not listening:
        return []
    # Locked first and read by a second statement: a hand-over that is being intended is seen, or waits for us.
    await connection.execute(_QUERIES.lock, {"ids": sorted(listening)})
    rows = await fetch_all(connection, _MeantRow, _QUERIES.meant, ids=sorted(listening))
    return [
        Meant(
            communication_id=row.communication_id,
            batch_id=row.batch_id,
            name=row.name,
            state=State(row.state),
            as_of=row.as_of,
            connection=row.connection,
            handed_over_at=row.handed_over_at,
            keys=frozenset(listening[row.communication_id]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Countered:
    """An event that came to cancel a communication."""

    communication_id: UUID
    record_id: int
    source: str
    source_key: str
    event_type: str
    as_of: datetime
    """When it happened."""
    heard_at: datetime
    stood: str
    """The state in which the communication was found."""
    stopped_at: datetime | None
    """When it was cancelled for good; None where it had left."""


async def add(connection: Connection, countered: Sequence[Countered], now: datetime) -> None:
    """Keep that events came to cancel communications, and whether they did."""
    if not countered:
        return
    await connection.execute(
        _QUERIES.add,
        {
            "ids": [one.communication_id for one in countered],
            "records": [one.record_id for one in countered],
            "sources": [one.source for one in countered],
            "source_keys": [one.source_key for one in countered],
            "events": [one.event_type for one in countered],
            "as_of": [one.as_of for one in countered],
            "stood": [one.stood for one in countered],
            "stopped": [one.stopped_at for one in countered],
            "now": now,
        },
    )


async def pending(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, Countered]:
    """Return of these communications the first event each that came to cancel it and could not."""
    rows = await fetch_all(connection, Countered, _QUERIES.pending, ids=list(ids)) if ids else []
    return {row.communication_id: row for row in rows}


async def stop(connection: Connection, ids: Iterable[UUID], now: datetime) -> None:
    """Record that communications are cancelled after all."""
    await connection.execute(_QUERIES.stop, {"ids": sorted(ids), "now": now})


async def of_communication(connection: Connection, communication_id: UUID) -> list[Countered]:
    """Return the events that came to cancel a communication, the first first."""
    return await fetch_all(connection, Countered, _QUERIES.of_communication, communication_id=communication_id)
