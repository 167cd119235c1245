"""provider reports: proven requests of providers are kept as they came, and move the communications they speak of.

A provider names a hand-over by our dispatch key, where that was given along and comes back, or by the reference that
it gave us. News of a hand-over whose receipt is not recorded yet waits for it; news of strangers stays as it came.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import msgspec

from xconnector.domain.dispatch_key import dispatch_key_among
from xconnector.domain.feedback.signal import Signal
from xconnector.pipeline.conversing import hand_overs_meant
from xconnector.pipeline.track import apply_known
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.store import dispatches, report_requests
from xconnector.store.dispatches import Told
from xconnector.store.report_requests import Named, RawRequest

_MOST_SIGNALS = 5_000
"""Of one transaction, unless a single request has more."""
_LONGEST_REFERENCE = 300
_LONGEST_DETAIL = 200


class Keeping(StrEnum):
    """What became of a request."""

    KEPT = "kept"
    KNOWN = "known"
    """The same bytes came before: nothing is done twice."""
    USED_UP = "used up"
    """What proves it was used for another request: it is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """One proven request, read."""

    raw: RawRequest
    reports_on: str
    """The connection whose hand-overs it speaks of."""
    signals: Sequence[Signal] = field(repr=False)


async def take_requests(place: Workplace, requests: Sequence[ReportRequest]) -> list[Keeping]:
    """Keep requests and let what they say take effect, each event once; durable on return."""
    taken: list[Keeping] = []
    for some in _parts(requests):

        async def write(connection: Connection, some: Sequence[ReportRequest] = some) -> list[Keeping]:
            return await _take(place, connection, some)

        taken += await in_transaction(place.pool, write)
    return taken


def _parts(requests: Sequence[ReportRequest]) -> Iterator[Sequence[ReportRequest]]:
    part: list[ReportRequest] = []
    signals = 0
    for request in requests:
        if part and signals + len(request.signals) > _MOST_SIGNALS:
            yield part
            part, signals = [], 0
        part.append(request)
        signals += len(request.signals)
    if part:
        yield part


async def _take(place: Workplace, connection: Connection, requests: Sequence[ReportRequest]) -> list[Keeping]:
    now = place.now()
    raws = [request.raw for request in requests]
    ids = await report_requests.keep(connection, raws, now)
    missing = [raw for raw in raws if _identity(raw) not in ids]
    known = await report_requests.kept_before(connection, missing) if missing else set[tuple[str, bytes]]()
    taken: list[Keeping] = []
    new: dict[int, ReportRequest] = {}
    for request in requests:
        request_id = ids.get(_identity(request.raw))
        if request_id is not None and request_id not in new:
            new[request_id] = request
            taken.append(Keeping.KEPT)
        else:
            is_known = request_id is not None or _identity(request.raw) in known
            taken.append(Keeping.KNOWN if is_known else Keeping.USED_UP)
    await _keep_signals(place, connection, new, now)
    return taken


def _identity(raw: RawRequest) -> tuple[str, bytes]:
    return raw.connection, raw.sha256


async def _keep_signals(
    place: Workplace, connection: Connection, requests: Mapping[int, ReportRequest], now: datetime
) -> None:
    told = [(key, request, signal) for key, request in requests.items() for signal in request.signals]
    named = [_named(request, signal) for _, request, signal in told]
    keys = await _hand_overs(connection, named)
    # What a person wrote names no hand-over: it is tied to what we wrote to the number.
    meant = await hand_overs_meant(connection, [(request.reports_on, signal) for _, request, signal in told])
    told_of: set[str] = set()
    events: list[Told] = []
    for number, ((request_id, request, signal), name) in enumerate(zip(told, named, strict=True)):
        mark = _mark(request, signal, number)
        known = [keys[name]] if name in keys else meant[number]
        told_of.update(known)
        plain = plainly(signal)
        for place_of_key, key in enumerate(known or [name.placeholder or f"{name.connection}/?{mark.hex()}"]):
            own = hashlib.sha256(mark + key.encode()).digest() if place_of_key else mark
            events.append(Told(event=plain.event(key, arrived_at=now), request_id=request_id, mark=own))
    # In one order for all: two who keep the same wait for each other at most once.
    events.sort(key=_by_mark)
    fresh = await dispatches.remember_events(connection, events, now)
    await apply_known(place, connection, sorted(fresh & told_of), now=now)


async def _hand_overs(connection: Connection, named: Sequence[Named]) -> Mapping[Named, str]:
    """Return the keys of the hand-overs that are known; receipts that are just being recorded are waited for."""
    found = await report_requests.hand_overs(connection, set(named)) if named else {}
    unknown = {name for name in named if name not in found and name.reference is not None}
    if not unknown:
        return found
    await report_requests.await_no_receipts(connection, {name.connection for name in unknown})
    return {**found, **await report_requests.hand_overs(connection, unknown)}


def _named(request: ReportRequest, signal: Signal) -> Named:
    reference = _plain(signal.provider_id or "", _LONGEST_REFERENCE)
    return Named(
        connection=request.reports_on,
        dispatch_key=dispatch_key_among(signal.references),
        reference=reference or None,
    )


def plainly(signal: Signal) -> Signal:
    """Return a signal whose words the database takes."""
    return replace(signal, detail=_plain(signal.detail, _LONGEST_DETAIL))


def _plain(text: str, longest: int) -> str:
    """Return a text that the database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:longest]


def _by_mark(told: Told) -> bytes:
    return told.mark


def _mark(request: ReportRequest, signal: Signal, number: int) -> bytes:
    """Return the digest by which an event is known again: by the provider's own id of it, or else by all it says."""
    nothing_tells = signal.provider_id is None and signal.occurred_at is None
    return mark_of(request.raw.connection, signal, *((request.raw.sha256, number) if nothing_tells else ()))


def mark_of(connection: str, signal: Signal, *further: object) -> bytes:
    """Return the digest by which what a connection told is known again; `further` where it has no id of its own."""
    told: list[object] = [connection, signal.event_id, signal.type, signal.provider_id, signal.recipient]
    if signal.event_id is None:
        told += [signal.occurred_at, signal.detail, signal.status_code, *further]
    return hashlib.sha256(msgspec.json.encode(told)).digest()
