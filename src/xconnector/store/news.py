"""News of communications: which hand-over is meant by a report that names only the communication."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from xconnector.domain.delivery import DeliveryEvent
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "news.sql")
_ID_LENGTH = 36
_NO_BYTES = hashlib.sha256(b"").digest()
_Mark: TypeAlias = tuple[UUID, str, str, datetime | bytes]
"""Communication, type and detail of an event, with its time or the digest of its bytes."""


async def address(connection: Connection, events: Sequence[DeliveryEvent]) -> list[DeliveryEvent]:
    """Return events with the keys of the hand-overs they mean, without those that are known already.

    An event that names only its communication means the hand-over that was the latest when it happened, or the first
    where it seems to have happened before all. While there is none, it keeps the communication's id as its key;
    `take_up_early` finds it there. It is known already when it was told of any hand-over of its communication, with
    the same time or in the same bytes. The communications stay locked until the transaction ends.
    """
    ids = sorted({key for event in events if (key := _communication(event.dispatch_key)) is not None})
    if not ids:
        return list(events)
    hand_overs = await _hand_overs(connection, ids)
    known = await _known(connection, hand_overs)
    addressed: list[DeliveryEvent] = []
    for event in events:
        key = _communication(event.dispatch_key)
        if key is None:
            addressed.append(event)
        elif not _marks(key, event) & known:
            addressed.append(replace(event, dispatch_key=_meant(hand_overs[key], event) or event.dispatch_key))
    return addressed


async def take_up_early(connection: Connection, dispatch_keys: Sequence[str]) -> None:
    """Let these hand-overs have the news that was early: before there was one, or before its reference was recorded."""
    await connection.execute(
        _QUERIES.take_up_early,
        {"keys": list(dispatch_keys), "communications": [key[:_ID_LENGTH] for key in dispatch_keys]},
    )
    await connection.execute(_QUERIES.take_up_by_reference, {"keys": list(dispatch_keys)})


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNobody:
    """Reports on hand-overs that nobody knows, of one connection."""

    connection: str
    number: int
    first_at: datetime
    """When the first of them arrived."""


async def of_nobody(connection: Connection) -> list[OfNobody]:
    """Count by connection the reports that name no hand-over of ours, or none yet."""
    return await fetch_all(connection, OfNobody, _QUERIES.of_nobody)


def _communication(key: str) -> UUID | None:
    """Return the id of a communication, spelled as we spell it; None for any other key."""
    try:
        found = UUID(key)
    except ValueError:
        return None
    return found if str(found) == key else None


async def _hand_overs(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[tuple[datetime, str]]]:
    """Return by communication when its hand-overs were intended, and their keys."""
    # Locked first and read by a second statement: a hand-over that is being intended is seen, or waits for us.
    await connection.execute(_QUERIES.lock, {"ids": list(ids)})
    cursor = await connection.execute(_QUERIES.hand_overs, {"ids": list(ids)})
    found: dict[UUID, list[tuple[datetime, str]]] = {key: [] for key in ids}
    for communication_id, dispatch_key, intended_at in await cursor.fetchall():
        found[communication_id].append((intended_at, str(dispatch_key)))
    return found


async def _known(connection: Connection, hand_overs: Mapping[UUID, Sequence[tuple[datetime, str]]]) -> set[_Mark]:
    """Return the marks of what was told of these communications already, also before there was a hand-over."""
    of_communication = {key: communication for communication, those in hand_overs.items() for _, key in those}
    of_communication |= {str(communication): communication for communication in hand_overs}
    cursor = await connection.execute(_QUERIES.known, {"keys": list(of_communication)})
    known: set[_Mark] = set()
    for dispatch_key, kind, detail, occurred_at, digest in await cursor.fetchall():
        known |= _marks_of(of_communication[dispatch_key], str(kind), str(detail), occurred_at, bytes(digest))
    return known


def _marks(communication: UUID, event: DeliveryEvent) -> set[_Mark]:
    return _marks_of(communication, event.type, event.detail, event.occurred_at, hashlib.sha256(event.raw).digest())


def _marks_of(communication: UUID, kind: str, detail: str, occurred_at: datetime, digest: bytes) -> set[_Mark]:
    """Return by what an event is known again: its time, and its bytes where it has any."""
    marks: set[_Mark] = {(communication, kind, detail, occurred_at)}
    return marks if digest == _NO_BYTES else marks | {(communication, kind, detail, digest)}


def _meant(hand_overs: Sequence[tuple[datetime, str]], event: DeliveryEvent) -> str | None:
    """Return the key of the hand-over that was the latest when it happened, else of the first; None without any."""
    before = [key for intended_at, key in hand_overs if intended_at <= event.occurred_at]
    return before[-1] if before else next((key for _, key in hand_overs), None)
