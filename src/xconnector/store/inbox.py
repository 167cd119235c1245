"""The inbox: every source record once, with its original bytes and how its intake ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    came_before: bool = False
    """Whether it stood aside or was refused before: this is its row of then, which counts that it came again."""


_Key: TypeAlias = tuple[str, str | None]
_Named: TypeAlias = tuple[str, str | None, str, str]
"""Source, source key, type and digest: the same bytes by the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _First:
    """What was taken first under a key."""

    sha256: str
    event_type: str


async def receive(
    connection: Connection, batch_id: int, arrivals: Sequence[Arrival], now: datetime, *, is_run: bool = False
) -> list[Received]:
    """Write records to the inbox, each source key taken once, and return their fates in order.

    The same key with the same bytes is repeated, with other bytes refused, and both are kept. A single record that was
    set aside or refused with these bytes before comes home to its row of then, which counts it: whoever got no answer
    sends it again, and it is still the same. Of a run every record has a row of its own.
    Safe against the same records arriving on another connection at the same moment.
    """
    home = {} if is_run else await _at_home(connection, arrivals)
    candidates = _first_of_each_key([one for one in arrivals if _named(one) not in home])
    taken = await _insert(connection, batch_id, candidates, [RecordFate.TAKEN] * len(candidates), now)
    done = {
        id(one): _received(one, record_id, RecordFate.TAKEN, None)
        for one, record_id in zip(candidates, taken, strict=True)
        if record_id is not None
    }
    rest = [one for one in arrivals if id(one) not in done and _named(one) not in home]
    earlier = await _first_of(connection, [one for one in rest if one.data is not None])
    fates = {id(one): _fate_of(one, earlier) for one in rest}
    if not is_run:
        home |= await _at_home_by_now(connection, [one for one in rest if fates[id(one)] is not RecordFate.REPEATED])
        rest = _once_each([one for one in rest if _named(one) not in home], fates)
    kept = await _insert(connection, batch_id, rest, [fates[id(one)] for one in rest], now)
    for one, record_id in zip(rest, kept, strict=True):
        assert record_id is not None, "only a taken key can conflict"
        done[id(one)] = _received(one, record_id, fates[id(one)], earlier.get((one.source, one.source_key)))
        home[_named(one)] = replace(done[id(one)], came_before=True)
    received = [done.get(id(one)) or home[_named(one)] for one in arrivals]
    await _count_again(connection, [one.record_id for one in received if one.came_before], now)
    return received


def _received(arrival: Arrival, record_id: int, fate: RecordFate, first: _First | None) -> Received:
    return Received(
        record_id=record_id,
        source_key=arrival.source_key,
        fate=fate,
        sha256=arrival.sha256,
        earlier_sha256=None if first is None else first.sha256,
        reason=arrival.reason,
    )


def _once_each(arrivals: Sequence[Arrival], fates: Mapping[int, RecordFate]) -> list[Arrival]:
    """Leave out what is not taken and stands there with the same bytes and name before."""
    found: set[_Named] = set()
    once: list[Arrival] = []
    for one in arrivals:
        if fates[id(one)] is RecordFate.REPEATED or _named(one) not in found:
            once.append(one)
        found.add(_named(one))
    return once


def _first_of_each_key(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The readable arrivals, of several with one key the first, in the order of their keys.

    One order for all transactions, so that two of them never wait for each other in a circle.
    """
    first: dict[_Key, Arrival] = {}
    for arrival in arrivals:
        if arrival.reason is None:
            first.setdefault((arrival.source, arrival.source_key), arrival)
    return sorted(first.values(), key=lambda arrival: (arrival.source, arrival.source_key or ""))


def _fate_of(arrival: Arrival, earlier: Mapping[_Key, _First]) -> RecordFate:
    """The same bytes under another type say something else, and are refused like other bytes.

    What was taken once stays taken, also where it comes again and would be set aside by now.
    """
    first = earlier.get((arrival.source, arrival.source_key))
    if first == _First(sha256=arrival.sha256, event_type=arrival.event_type):
        return RecordFate.REPEATED
    return RecordFate.REFUSED if arrival.reason is None else RecordFate.SET_ASIDE


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


async def _first_of(connection: Connection, arrivals: Sequence[Arrival]) -> dict[_Key, _First]:
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
    return arrival.source, arrival.source_key, arrival.event_type, arrival.sha256


async def _at_home(connection: Connection, arrivals: Sequence[Arrival]) -> dict[_Named, Received]:
    """Return what stands aside already or was refused, with the same bytes and name, as it was received then."""
    if not arrivals:
        return {}
    cursor = await connection.execute(
        _QUERIES.at_home,
        {
            "sources": [arrival.source for arrival in arrivals],
            "source_keys": [arrival.source_key for arrival in arrivals],
            "event_types": [arrival.event_type for arrival in arrivals],
            "sha256": [arrival.sha256 for arrival in arrivals],
            "are_bad": [arrival.reason is not None for arrival in arrivals],
        },
    )
    return {
        _named(arrivals[int(row[0]) - 1]): Received(
            record_id=int(row[1]),
            source_key=arrivals[int(row[0]) - 1].source_key,
            fate=RecordFate(row[2]),
            sha256=arrivals[int(row[0]) - 1].sha256,
            reason=row[3],
            earlier_sha256=row[4],
            came_before=True,
        )
        for row in await cursor.fetchall()
    }


async def _at_home_by_now(connection: Connection, arrivals: Sequence[Arrival]) -> dict[_Named, Received]:
    """Return the same, once nobody else writes such a row of these sources; nobody does until the transaction ends."""
    if not arrivals:
        return {}
    await connection.execute(_QUERIES.alone_with, {"sources": sorted({arrival.source for arrival in arrivals})})
    return await _at_home(connection, arrivals)


async def _count_again(connection: Connection, record_ids: Sequence[int], now: datetime) -> None:
    if record_ids:
        await connection.execute(_QUERIES.count_again, {"record_ids": list(record_ids), "now": now})


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
