"""The inbox: every source record once, with its original bytes and how its intake ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from xconnector.domain.event import RecordFate
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "inbox.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A record as it is written to the inbox.

    One with a reason is set aside; an unreadable one has no data either.
    """

    source: str
    source_key: str | None
    event_type: str
    occurred_at: datetime | None
    sha256: str
    payload: bytes = field(repr=False)
    data: str | None = field(repr=False)
    """JSON text."""
    feed: str | None
    position: int | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """How the intake of one record ended."""

    record_id: int
    source_key: str | None
    fate: RecordFate
    sha256: str
    earlier_sha256: str | None
    """Digest of the record first taken under this key, for repeated and refused ones."""
    reason: str | None


_Named: TypeAlias = tuple[str, str | None, str]
"""Source, source key and digest: the same bytes by the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _First:
    """What was taken first under a key."""

    sha256: str
    event_type: str


async def receive(connection: Connection, batch_id: int, arrivals: Sequence[Arrival], now: datetime) -> list[Received]:
    """Write records to the inbox, each source key taken once, and return their fates in order.

    The same key with the same bytes is repeated, with other bytes refused, and both are kept. A single event that was
    set aside with these bytes is repeated too: whoever got no answer sends it again, and it is still the same.
    Safe against the same records arriving on another connection at the same moment.
    """
    candidates = _first_of_each_key(arrivals)
    taken = await _insert(connection, batch_id, candidates, [RecordFate.TAKEN] * len(candidates), now)
    ids = dict(zip(_keys(candidates), taken, strict=True))
    ours = {id(arrival) for arrival, record_id in zip(candidates, taken, strict=True) if record_id is not None}
    rest = [arrival for arrival in arrivals if id(arrival) not in ours]
    earlier = await _first_of(connection, [arrival for arrival in rest if arrival.data is not None])
    known_bad = await _set_aside_before(connection, [one for one in rest if one.reason and one.position is None])
    fates = [_fate_of(arrival, earlier, known_bad) for arrival in rest]
    kept = iter(zip(await _insert(connection, batch_id, rest, fates, now), fates, strict=True))
    received: list[Received] = []
    for arrival in arrivals:
        key = (arrival.source, arrival.source_key)
        record_id, fate = (ids[key], RecordFate.TAKEN) if id(arrival) in ours else next(kept)
        assert record_id is not None, "only a taken key can conflict"
        received.append(
            Received(
                record_id=record_id,
                source_key=arrival.source_key,
                fate=fate,
                sha256=arrival.sha256,
                earlier_sha256=None if fate is RecordFate.TAKEN or key not in earlier else earlier[key].sha256,
                reason=arrival.reason,
            )
        )
    return received


def _first_of_each_key(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The readable arrivals, of several with one key the first, in the order of their keys.

    One order for all transactions, so that two of them never wait for each other in a circle.
    """
    first: dict[tuple[str, str | None], Arrival] = {}
    for arrival in arrivals:
        if arrival.reason is None:
            first.setdefault((arrival.source, arrival.source_key), arrival)
    return sorted(first.values(), key=lambda arrival: (arrival.source, arrival.source_key or ""))


def _keys(arrivals: Sequence[Arrival]) -> list[tuple[str, str | None]]:
    return [(arrival.source, arrival.source_key) for arrival in arrivals]


def _fate_of(arrival: Arrival, earlier: Mapping[tuple[str, str | None], _First], known_bad: set[_Named]) -> RecordFate:
    """The same bytes under another type say something else, and are refused like other bytes.

    What was taken once stays taken, also where it comes again and would be set aside by now.
    """
    first = earlier.get((arrival.source, arrival.source_key))
    if first == _First(sha256=arrival.sha256, event_type=arrival.event_type):
        return RecordFate.REPEATED
    if arrival.reason is None:
        return RecordFate.REFUSED
    if arrival.position is None and _named(arrival) in known_bad:
        return RecordFate.REPEATED
    # The next one with these bytes is known by then.
    known_bad.add(_named(arrival))
    return RecordFate.SET_ASIDE


async def _insert(
    connection: Connection, batch_id: int, arrivals: Sequence[Arrival], fates: Sequence[RecordFate], now: datetime
) -> list[int | None]:
    """Insert arrivals and return their record ids in order; None for one whose key is taken already."""
    if not arrivals:
        return []
    keeps = [fate is not RecordFate.REPEATED for fate in fates]
    cursor = await connection.execute(
        _QUERIES.insert,
        {
            "batch_id": batch_id,
            "now": now,
            "sources": [arrival.source for arrival in arrivals],
            "source_keys": [arrival.source_key for arrival in arrivals],
            "fates": list(fates),
            "event_types": [arrival.event_type for arrival in arrivals],
            "occurred_at": [arrival.occurred_at for arrival in arrivals],
            "sha256": [arrival.sha256 for arrival in arrivals],
            "payloads": [arrival.payload if keep else None for arrival, keep in zip(arrivals, keeps, strict=True)],
            "data": [arrival.data if keep else None for arrival, keep in zip(arrivals, keeps, strict=True)],
            "feeds": [arrival.feed for arrival in arrivals],
            "positions": [arrival.position for arrival in arrivals],
            "reasons": [arrival.reason for arrival in arrivals],
        },
    )
    ids = {int(row[0]): int(row[1]) for row in await cursor.fetchall()}
    return [ids.get(place) for place in range(1, len(arrivals) + 1)]


async def _first_of(connection: Connection, arrivals: Sequence[Arrival]) -> dict[tuple[str, str | None], _First]:
    """What was taken first under these arrivals' keys."""
    if not arrivals:
        return {}
    cursor = await connection.execute(
        _QUERIES.first_of,
        {
            "sources": [arrival.source for arrival in arrivals],
            "source_keys": [arrival.source_key for arrival in arrivals],
        },
    )
    return {
        (str(row[0]), str(row[1])): _First(sha256=str(row[2]), event_type=str(row[3]))
        for row in await cursor.fetchall()
    }


def _named(arrival: Arrival) -> _Named:
    return arrival.source, arrival.source_key, arrival.sha256


async def _set_aside_before(connection: Connection, arrivals: Sequence[Arrival]) -> set[_Named]:
    """Return which of these stand aside already."""
    if not arrivals:
        return set()
    cursor = await connection.execute(
        _QUERIES.set_aside_before,
        {
            "sources": [arrival.source for arrival in arrivals],
            "source_keys": [arrival.source_key for arrival in arrivals],
            "sha256": [arrival.sha256 for arrival in arrivals],
        },
    )
    return {_named(arrivals[int(row[0]) - 1]) for row in await cursor.fetchall()}


async def digests_of(connection: Connection, source: str, keys: Sequence[str]) -> dict[str, str]:
    """Return by source key with which digest it was taken, of those that were."""
    if not keys:
        return {}
    parameters = {"sources": [source] * len(keys), "source_keys": list(keys)}
    cursor = await connection.execute(_QUERIES.first_of, parameters)
    return {str(row[1]): str(row[2]) for row in await cursor.fetchall()}


async def known_aside(connection: Connection, source: str, digests: Sequence[str]) -> set[tuple[str | None, str]]:
    """Return the records of a source with one of these digests that stand aside or were refused, as (key, digest)."""
    if not digests:
        return set()
    cursor = await connection.execute(_QUERIES.known_aside, {"source": source, "digests": list(digests)})
    return {(row[0], str(row[1])) for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRecord:
    """A record that was taken, as the main path reads it."""

    record_id: int
    source: str
    source_key: str
    event_type: str
    occurred_at: datetime | None
    received_at: datetime
    feed: str | None
    data: str = field(repr=False)
    is_asked_again: bool = False
    """Whether it was asked before, and what it asked for then is made already."""

    @property
    def as_of(self) -> datetime:
        """When what it says was so: when it happened, or else when it came.

        Nothing can be told before it was so: the clock of a source that runs ahead must not keep out its later news.
        """
        return min(self.occurred_at or self.received_at, self.received_at)


async def unasked(connection: Connection, batch_id: int) -> list[TakenRecord]:
    """Return the batch's records of which it is not known yet what they ask for, locked until the transaction ends."""
    return await fetch_all(connection, TakenRecord, _QUERIES.unasked, batch_id=batch_id)


async def records(connection: Connection, record_ids: Sequence[int]) -> dict[int, TakenRecord]:
    """Return taken records by id."""
    rows = await fetch_all(connection, TakenRecord, _QUERIES.records, record_ids=list(record_ids))
    return {row.record_id: row for row in rows}


async def set_made(connection: Connection, made: Sequence[tuple[int, int]]) -> None:
    """Record how many communications each record asked for, as (record id, number)."""
    if made:
        ids, numbers = zip(*made, strict=True)
        await connection.execute(_QUERIES.set_made, {"ids": list(ids), "numbers": list(numbers)})


async def set_aside(connection: Connection, reasons: Sequence[tuple[int, str]]) -> None:
    """Set taken records aside after all, as (record id, reason)."""
    if reasons:
        ids, texts = zip(*reasons, strict=True)
        await connection.execute(_QUERIES.set_aside, {"ids": list(ids), "reasons": list(texts)})


async def take_again(connection: Connection, record_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Take records again that were set aside with readable data; returns (record id, batch id) of those taken.

    Of records with one key the oldest is taken; one whose key was taken meanwhile stays where it is.
    """
    cursor = await connection.execute(_QUERIES.take_again, {"record_ids": list(record_ids)})
    return sorted((int(row[0]), int(row[1])) for row in await cursor.fetchall())


async def repeat_after_all(connection: Connection, record_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Count records that were set aside as repeated where their key is taken by now with the same bytes.

    Returns (record id, batch id) of those that were.
    """
    cursor = await connection.execute(_QUERIES.repeat_after_all, {"record_ids": list(record_ids)})
    return sorted((int(row[0]), int(row[1])) for row in await cursor.fetchall())
