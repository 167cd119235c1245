"""countering: events cancel what has not been handed over, and the ledger proves it.

Who cancels holds the communications, and so does who intends to hand them over: the one sees what the other did. What
had left, or is in a composer's hands, is cancelled when it comes back and before it can leave again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from xconnector.domain.communication import NOT_OUT, State
from xconnector.domain.cutoff import next_cutoff
from xconnector.domain.trigger.book import Heard
from xconnector.domain.trigger.judging import counts_against, told
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import counters, ledger
from xconnector.store.bundles import Piece
from xconnector.store.cancellations import cancel
from xconnector.store.communications import Standing
from xconnector.store.counters import Countered, Meant
from xconnector.store.moves import Move

Leaving = TypeVar("Leaving", Standing, Piece)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effect:
    """What an event means for one communication."""

    meant: Meant
    heard: Heard
    is_stopped: bool

    def row(self, now: datetime) -> Countered:
        origin = self.heard.origin
        return Countered(
            communication_id=self.meant.communication_id,
            record_id=origin.record_id,
            source=origin.source,
            source_key=origin.source_key,
            event_type=self.heard.event,
            as_of=self.heard.as_of,
            heard_at=now,
            stood=self.meant.state,
            stopped_at=now if self.is_stopped else None,
        )


async def cancel_countered(place: Workplace, connection: Connection, heard: Sequence[Heard], *, now: datetime) -> None:
    """Cancel what these events come to cancel, as far as it is not out; of the rest it is told that it is not.

    The keys of the events must be held.
    """
    if not heard:
        return
    found = [
        _Effect(meant=one, heard=event, is_stopped=one.state in NOT_OUT)
        for one in await counters.meant(connection, (event.key for event in heard))
        if one.state not in counters.OVER and (event := _event(place, one, heard)) is not None
    ]
    await counters.add(connection, [one.row(now) for one in found], now)
    await _cancel(place, connection, [one for one in found if one.is_stopped], now)
    await ledger.append(connection, [_too_late(one, now) for one in found if not one.is_stopped])


def _event(place: Workplace, one: Meant, heard: Sequence[Heard]) -> Heard | None:
    """Return the event that counts against a communication, by the rules of today; None where none does."""
    kind = place.project.communications.get(one.name)
    within = max((counter.within for counter in kind.rules.counters), default=None) if kind else None
    if within is None:
        return None
    return next((event for event in heard if event.key in one.keys and counts_against(event, one.as_of, within)), None)


async def _cancel(place: Workplace, connection: Connection, effects: Sequence[_Effect], now: datetime) -> None:
    for origin in NOT_OUT:
        moves = [
            Move(
                communication_id=one.meant.communication_id,
                batch_id=one.meant.batch_id,
                detail=_proof(one.row(now)) | {"before": _before(place, one.meant, now)},
            )
            for one in effects
            if one.meant.state is origin
        ]
        await _move(connection, moves, origin, now)


async def _move(connection: Connection, moves: Sequence[Move], origin: State, now: datetime) -> set[UUID]:
    return await cancel(connection, moves, origin=origin, resolution="cancelled by a counter-event", now=now)


def _proof(one: Countered) -> dict[str, Any]:
    """Return by which record it is cancelled, and where it stood."""
    return {
        "by": one.source_key,
        "source": one.source,
        "event": one.event_type,
        "happened": told(one.as_of),
        "stood": one.stood,
    }


def _before(place: Workplace, one: Meant, now: datetime) -> str:
    """Say what it was cancelled before."""
    cutoffs = () if one.connection is None else place.limits_of(one.connection).cutoffs
    if one.state is State.COLLECTED and cutoffs:
        cutoff = next_cutoff(now, cutoffs, ZoneInfo(place.project.locale.timezone))
        return f"the cut-off of {one.connection} at {told(cutoff)}, and before any hand-over was intended"
    return "any hand-over was intended" if one.handed_over_at is None else "another hand-over was intended"


def _too_late(one: _Effect, now: datetime) -> ledger.Entry:
    meant = one.meant
    if meant.handed_over_at is None:
        because = "a composer has it; it is cancelled when it comes back"
    else:
        because = f"handed over to {meant.connection} at {told(meant.handed_over_at)}; it is cancelled if it comes back"
    return ledger.Entry(
        at=now,
        batch_id=meant.batch_id,
        communication_id=meant.communication_id,
        event="not cancelled",
        detail=_proof(one.row(now)) | {"because": because},
    )


# ---------------------------------------------------------------- what comes back


async def stop_countered(
    place: Workplace, connection: Connection, leaving: Sequence[Leaving], *, origin: State, now: datetime
) -> list[Leaving]:
    """Cancel those that an event came to cancel when it could not be; return the others.

    The caller holds them in the origin state.
    """
    if not leaving or not place.project.has_counter_events:
        return [*leaving]
    pending = await counters.pending(connection, [one.communication_id for one in leaving])
    moves = [
        Move(communication_id=one.communication_id, batch_id=one.batch_id, detail=_proof_after_all(pending, one))
        for one in leaving
        if one.communication_id in pending
    ]
    stopped = await _move(connection, moves, origin, now)
    await counters.stop(connection, stopped, now)
    return [one for one in leaving if one.communication_id not in stopped]


def _proof_after_all(pending: Mapping[UUID, Countered], one: Standing | Piece) -> dict[str, Any]:
    return _proof(pending[one.communication_id]) | {"before": "another hand-over was intended"}


async def countered(place: Workplace, connection: Connection, leaving: Sequence[Standing | Piece]) -> set[UUID]:
    """Return those that an event came to cancel; nothing is written."""
    if not place.project.has_counter_events:
        return set()
    return set(await counters.pending(connection, [one.communication_id for one in leaving]))
