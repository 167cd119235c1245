"""Dispatches: every hand-over to a channel, recorded before it is tried, and what was reported of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from xconnector.contract.channel import Receipt
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "dispatches.sql")


class DispatchState(StrEnum):
    """Where a hand-over stands."""

    COLLECTED = "collected"
    """Waits for its bundle."""
    DISPATCHING = "dispatching"
    """Intended; the result is not recorded."""
    PUT_OFF = "put_off"
    """To be tried again, under the same key. Where it may have arrived already is noted with it."""
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    OUTCOME_UNKNOWN = "outcome_unknown"
    GIVEN_UP = "given_up"
    """Settled by a person as not arrived; a hand-over of its own took its place."""
    UNDELIVERABLE = "undeliverable"
    """Handed over, and reported back as not deliverable."""
    WITHDRAWN = "withdrawn"
    """Handed over, and taken back from the customer's sight."""


class DispatchKeyTakenError(Exception):
    """A key would name two hand-overs; the work is undone and tried again with what is known then."""


def dispatch_key(communication_id: UUID, hop: int, resends: int) -> str:
    """Name a hand-over: `<communication>-<hop>`, and `-r<n>` when it is ordered again after it was given up."""
    return f"{communication_id}-{hop}" if not resends else f"{communication_id}-{hop}-r{resends}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A hand-over that is about to be tried."""

    dispatch_key: str
    communication_id: UUID
    hop: int
    connection: str
    state: DispatchState


async def intend(connection: Connection, intents: Sequence[Intent], now: datetime) -> None:
    """Record hand-overs before they are tried; one that was put off is intended again.

    Raises DispatchKeyTakenError when a key names a hand-over that was not put off: nothing may use it twice.
    """
    if not intents:
        return
    cursor = await connection.execute(
        _QUERIES.intend,
        {
            "keys": [intent.dispatch_key for intent in intents],
            "ids": [intent.communication_id for intent in intents],
            "hops": [intent.hop for intent in intents],
            "connections": [intent.connection for intent in intents],
            "states": [intent.state for intent in intents],
            "now": now,
        },
    )
    if cursor.rowcount != len(intents):
        raise DispatchKeyTakenError(f"{len(intents) - cursor.rowcount} dispatch keys are in use already")


async def first_intended(connection: Connection, keys: Sequence[str]) -> dict[str, datetime]:
    """Return when hand-overs were first intended, however often they were put off since."""
    cursor = await connection.execute(_QUERIES.first_intended, {"keys": list(keys)})
    return {str(row[0]): row[1] for row in await cursor.fetchall()}


async def close(
    connection: Connection, results: Sequence[tuple[str, DispatchState, str | None]], now: datetime
) -> set[str]:
    """Record what became of hand-overs, as (dispatch key, state, the channel's reference).

    Only one that is open takes a result: being handed over, or of unknown outcome where it turns out to
    have arrived. Returns the keys of those that took it; a late answer to any other changes nothing.
    """
    if not results:
        return set()
    keys, states, references = zip(*results, strict=True)
    cursor = await connection.execute(
        _QUERIES.close, {"keys": list(keys), "states": list(states), "references": list(references), "now": now}
    )
    return {str(row[0]) for row in await cursor.fetchall()}


async def note_what_it_took(connection: Connection, receipts: Mapping[str, Receipt]) -> None:
    """Keep what receipts, by dispatch key, say of pieces and price; most say nothing of them."""
    told = {key: one for key, one in receipts.items() if one.segments is not None or one.price is not None}
    if not told:
        return
    await connection.execute(
        _QUERIES.note_what_it_took,
        {
            "keys": list(told),
            "segments": [one.segments for one in told.values()],
            "prices": [one.price and one.price.amount for one in told.values()],
            "currencies": [one.price and one.price.currency for one in told.values()],
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHandOver:
    """A hand-over whose result is not recorded."""

    communication_id: UUID
    dispatch_key: str
    connection: str
    """Which has it."""


async def open_hand_overs(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, OpenHandOver]:
    """Return the hand-overs of these communications whose result is not recorded, by communication."""
    rows = await fetch_all(connection, OpenHandOver, _QUERIES.open_hand_overs, ids=list(ids))
    return {row.communication_id: row for row in rows}


async def bound(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the connections at which hand-overs may have arrived that were put off, by communication."""
    cursor = await connection.execute(_QUERIES.bound, {"ids": list(ids)})
    return {row[0]: str(row[1]) for row in await cursor.fetchall()}


async def release(connection: Connection, keys: Sequence[str]) -> None:
    """Record of hand-overs that were put off that they surely arrived nowhere: any connection may take them."""
    await connection.execute(_QUERIES.release, {"keys": sorted(keys)})


async def next_keys(connection: Connection, hops: Sequence[tuple[UUID, int]]) -> dict[UUID, str]:
    """Return the key of the next hand-over of each communication on its hop: that of one put off, else a new one."""
    cursor = await connection.execute(_QUERIES.closed_hand_overs, {"ids": [key for key, _ in hops]})
    closed = {(row[0], int(row[1])): int(row[2]) for row in await cursor.fetchall()}
    return {key: dispatch_key(key, hop, closed.get((key, hop), 0)) for key, hop in hops}


async def mark(connection: Connection, keys: Sequence[str], state: DispatchState, now: datetime) -> None:
    """Record what a channel reported of hand-overs that it has, or that were of unknown outcome."""
    await connection.execute(_QUERIES.mark, {"keys": sorted(keys), "state": state, "now": now})


async def mark_latest(connection: Connection, ids: Sequence[UUID], state: DispatchState, now: datetime) -> None:
    """Record what is known now of the latest hand-over of each communication."""
    await connection.execute(_QUERIES.mark_latest, {"ids": list(ids), "state": state, "now": now})


async def give_up_put_off(connection: Connection, ids: Collection[UUID], now: datetime) -> None:
    """Record that what was put off is not tried again there: the next hand-over has a key of its own."""
    if not ids:
        return
    await connection.execute(_QUERIES.give_up_put_off, {"ids": sorted(ids), "now": now})


async def give_up_collected(connection: Connection, keys: Sequence[str], now: datetime) -> None:
    """Record that what was collected for a bundle will not be handed over with it."""
    if not keys:
        return
    await connection.execute(_QUERIES.give_up_collected, {"keys": sorted(keys), "now": now})


async def withdraw(connection: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Record that what was collected or put off of communications will not be handed over at all."""
    if ids:
        await connection.execute(_QUERIES.withdraw, {"ids": list(ids), "now": now})


async def take_back(connection: Connection, keys: Sequence[str]) -> None:
    """Record that hand-overs in a bundle, which surely did not happen, wait for it as before."""
    await connection.execute(_QUERIES.take_back, {"keys": sorted(keys)})


async def release_pieces(connection: Connection, bundle_key: str) -> None:
    """Put off the pieces of a bundle that was never handed over, so that they can join another."""
    await connection.execute(_QUERIES.release_pieces, {"bundle_key": bundle_key})


async def start_bundle(connection: Connection, bundle_key: str, now: datetime) -> None:
    """Record that the pieces of a bundle are about to be handed over whose communications are; the rest is given up."""
    await connection.execute(_QUERIES.start_bundle, {"bundle_key": bundle_key, "now": now})


async def settle_unknown(connection: Connection, ids: Sequence[UUID], state: DispatchState, now: datetime) -> None:
    """Record what a person found out of the latest hand-over of each communication, whose outcome was unknown."""
    await connection.execute(_QUERIES.settle_unknown, {"ids": list(ids), "state": state, "now": now})


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A dispatch as it was recorded."""

    dispatch_key: str
    communication_id: UUID
    hop: int
    connection: str
    bundle_key: str | None
    state: str
    reference: str | None
    intended_at: datetime
    settled_at: datetime | None
    segments: int | None
    """Of a text message, into how many pieces it was cut, where the channel says so."""
    price: Decimal | None
    """Where the channel says so."""
    currency: str | None
    """Of the price, ISO 4217."""


async def of_communication(connection: Connection, communication_id: UUID) -> list[Handover]:
    """Return the hand-overs of one communication in their order."""
    return await fetch_all(connection, Handover, _QUERIES.of_communication, communication_id=communication_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A dispatch of which news arrived, with where its communication stands."""

    dispatch_key: str
    communication_id: UUID
    batch_id: int
    communication_state: str
    dispatch_state: str
    is_latest: bool
    """Whether it is the latest hand-over of its communication: only that one can move it."""


async def reported(connection: Connection, dispatch_keys: Sequence[str]) -> list[Reported]:
    """Return the dispatches of these keys with their communications, locked until the transaction ends."""
    # Locked first and read by a second statement: the first one, had it to wait for the transaction that records
    # a hand-over, would still show the dispatch as it was before.
    await connection.execute(_QUERIES.lock_reported, {"keys": sorted(set(dispatch_keys))})
    return await fetch_all(connection, Reported, _QUERIES.reported, keys=sorted(set(dispatch_keys)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom a hand-over went."""

    dispatch_key: str
    connection: str
    intended_at: datetime
    """When it was decided that it goes out."""
    customer_key: str
    recipient: str = field(repr=False)
    """As it was frozen: with the addresses that the hand-over went to."""


async def addressees(connection: Connection, dispatch_keys: Sequence[str]) -> list[Addressee]:
    """Return to whom these hand-overs went."""
    return await fetch_all(connection, Addressee, _QUERIES.addressees, keys=sorted(set(dispatch_keys)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivery event as a provider told it."""

    event: DeliveryEvent
    request_id: int | None
    """In which it came; None where it was asked for."""
    mark: bytes
    """Digest of what makes it the same event told again."""


async def remember_events(
    connection: Connection, events: Sequence[DeliveryEvent] | Sequence[Told], now: datetime
) -> set[str]:
    """Keep delivery events, each once, and return the keys of those that were new."""
    if not events:
        return set()
    told = [None if isinstance(one, DeliveryEvent) else one for one in events]
    events = [one if isinstance(one, DeliveryEvent) else one.event for one in events]
    cursor = await connection.execute(
        _QUERIES.remember_events,
        {
            "keys": [event.dispatch_key for event in events],
            "types": [event.type for event in events],
            "reasons": [event.reason for event in events],
            "details": [event.detail for event in events],
            "finals": [event.final for event in events],
            "machines": [event.by_machine for event in events],
            "occurred": [event.occurred_at for event in events],
            "raws": [event.raw for event in events],
            "requests": [one and one.request_id for one in told],
            "marks": [one and one.mark for one in told],
            "now": now,
        },
    )
    return {str(row[0]) for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _EventRow:
    dispatch_key: str
    type: str
    reason: str | None
    detail: str
    final: bool
    by_machine: bool
    occurred_at: datetime
    raw: bytes = field(repr=False)

    def event(self) -> DeliveryEvent:
        return DeliveryEvent(
            dispatch_key=self.dispatch_key,
            type=DeliveryEventType(self.type),
            reason=DeliveryReason(self.reason) if self.reason else None,
            detail=self.detail,
            final=self.final,
            by_machine=self.by_machine,
            occurred_at=self.occurred_at,
            raw=self.raw,
        )


async def unapplied_events(connection: Connection, keys: Sequence[str]) -> dict[str, list[DeliveryEvent]]:
    """Return by dispatch key the events that have not taken effect yet."""
    rows = await fetch_all(connection, _EventRow, _QUERIES.unapplied_events, keys=list(keys))
    found: dict[str, list[DeliveryEvent]] = {}
    for row in rows:
        found.setdefault(row.dispatch_key, []).append(row.event())
    return found


async def mark_applied(connection: Connection, keys: Sequence[str]) -> None:
    """Say that all events known of these dispatches have taken effect."""
    await connection.execute(_QUERIES.mark_applied, {"keys": list(keys)})


async def events_of(connection: Connection, communication_id: UUID) -> list[DeliveryEvent]:
    """Return everything channels reported of one communication, in the order in which it happened."""
    rows = await fetch_all(connection, _EventRow, _QUERIES.events_of, communication_id=communication_id)
    return [row.event() for row in rows]


async def any_rerouted(connection: Connection, *, origin: str, target: str) -> UUID | None:
    """Return a communication that came back from one connection and was handed over to another, or None."""
    cursor = await connection.execute(_QUERIES.any_rerouted, {"origin": origin, "target": target})
    row = await cursor.fetchone()
    return None if row is None else row[0]
