"""Feeds as they stand: which are stopped, what waits for them, how their records look, and when they should speak."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from xconnector.domain.failure import Failure
from xconnector.domain.record_shape import RecordShape
from xconnector.domain.shape_difference import Change
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, optional_json, to_json

_QUERIES = Queries.load("xconnector.store", "feed_states.sql")
_shapes = msgspec.json.Decoder(RecordShape)
_differences = msgspec.json.Decoder(tuple[Change, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is known of one feed."""

    feed: str
    paused: bool
    since: datetime
    """When it was stopped, or let go on."""
    reason: str | None
    actor: str | None
    """Who did so; None where its contract did."""
    accepted: bool
    difference: tuple[Change, ...]
    """What was otherwise in the records that stopped it, or lately without doing so."""
    counts_from: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    feed: str
    paused: bool
    since: datetime
    reason: str | None
    actor: str | None
    accepted: bool
    difference: str | None
    counts_from: datetime | None
    due_at: datetime | None


async def all_states(connection: Connection) -> dict[str, FeedState]:
    """Return what is known, by feed; one that never was stopped, looked at or expected is not among them."""
    rows = await fetch_all(connection, _Row, _QUERIES.all_states)
    return {row.feed: _state(row) for row in rows}


def _state(row: _Row) -> FeedState:
    return FeedState(
        feed=row.feed,
        paused=row.paused,
        since=row.since,
        reason=row.reason,
        actor=row.actor,
        accepted=row.accepted,
        difference=() if row.difference is None else _differences.decode(row.difference),
        counts_from=row.counts_from,
        due_at=row.due_at,
    )


# ---------------------------------------------------------------- stopping


async def paused(connection: Connection, feeds: Sequence[str]) -> frozenset[str]:
    """Return those of some feeds that are stopped; none of these is let go on before the transaction ends."""
    cursor = await connection.execute(_QUERIES.paused, {"feeds": sorted(feeds)})
    return frozenset(str(row[0]) for row in await cursor.fetchall())


async def pause(
    connection: Connection,
    feed: str,
    *,
    reason: str,
    actor: str | None,
    difference: Sequence[Change] | None,
    now: datetime,
) -> bool:
    """Stop a feed; returns False where it was stopped before."""
    cursor = await connection.execute(
        _QUERIES.pause,
        {
            "feed": feed,
            "reason": reason,
            "actor": actor,
            "difference": None if difference is None else to_json(difference),
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def resume(connection: Connection, feed: str, *, actor: str, accepted: bool, now: datetime) -> bool:
    """Let a feed go on; returns False where it was not stopped. What is `accepted` is how it looks from now on."""
    parameters = {"feed": feed, "actor": actor, "accepted": accepted, "now": now}
    cursor = await connection.execute(_QUERIES.resume, parameters)
    return await cursor.fetchone() is not None


async def hold(connection: Connection, batch_id: int, feeds: Sequence[str], now: datetime) -> None:
    """Let a batch wait for stopped feeds, in the transaction in which they were seen to be stopped."""
    if feeds:
        await connection.execute(_QUERIES.hold, {"feeds": sorted(feeds), "batch_id": batch_id, "now": now})


async def release(connection: Connection, feed: str) -> list[tuple[int, int]]:
    """Let go of the batches that wait for a feed; returns (batch id, priority) of each."""
    cursor = await connection.execute(_QUERIES.release, {"feed": feed})
    return [(int(row[0]), int(row[1])) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """How the latest records of a feed fared."""

    records: int
    bad: int


async def bad_lately(connection: Connection, feed: str, *, most: int) -> Lately:
    """Count the latest records of a feed, up to a number and since it was let go on last, and those set aside."""
    row = await (await connection.execute(_QUERIES.after_resuming, {"feed": feed})).fetchone()
    parameters = {"feed": feed, "most": most, "after": "-infinity" if row is None else str(row[0])}
    (found,) = await fetch_all(connection, Lately, _QUERIES.bad_lately, **parameters)
    return found


async def volumes(connection: Connection, feed: str, *, limit: int) -> list[int]:
    """Return how many records the latest whole runs of a feed had."""
    cursor = await connection.execute(_QUERIES.volumes, {"feed": feed, "limit": limit})
    return [int(row[0]) for row in await cursor.fetchall()]


# ---------------------------------------------------------------- how records look


async def known_shape(connection: Connection, feed: str) -> RecordShape | None:
    """Return how the records of a feed looked when all was well; None where nobody has looked yet."""
    row = await (await connection.execute(_QUERIES.shape, {"feed": feed})).fetchone()
    return None if row is None or row[0] is None else _shapes.decode(str(row[0]))


async def note_shape(
    connection: Connection, feed: str, shape: RecordShape, *, difference: Sequence[Change], now: datetime
) -> None:
    """Remember how the records of a feed look, and what is otherwise where something is."""
    told = to_json(difference) if difference else None
    await connection.execute(
        _QUERIES.note_shape, {"feed": feed, "shape": to_json(shape), "difference": told, "now": now}
    )


# ---------------------------------------------------------------- history and failures


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One thing that happened to a feed."""

    feed: str
    at: datetime
    event: str
    actor: str | None
    detail: str | None
    """JSON text."""


async def tell(
    connection: Connection,
    feed: str,
    event: str,
    *,
    now: datetime,
    actor: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down what happened to a feed."""
    parameters = {"feed": feed, "event": event, "actor": actor, "now": now, "detail": optional_json(detail)}
    await connection.execute(_QUERIES.tell, parameters)


async def history(connection: Connection, feed: str, *, limit: int) -> list[FeedEvent]:
    """Return what happened to a feed, the latest first."""
    return await fetch_all(connection, FeedEvent, _QUERIES.history, feed=feed, limit=limit)


async def remember_failure(
    connection: Connection, feed: str, failure: Failure, *, due_at: datetime, now: datetime
) -> bool:
    """Put a failure of a feed into the queue; returns False where that of this moment was there before."""
    cursor = await connection.execute(
        _QUERIES.remember_failure,
        {
            "feed": feed,
            "due_at": due_at,
            "stage": failure.stage,
            "kind": failure.kind,
            "reason": failure.reason,
            "fingerprint": failure.fingerprint,
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def resolve_failures(connection: Connection, feed: str, stage: str, *, resolution: str, now: datetime) -> None:
    """Close the open failures of a feed at a stage with what became of it."""
    parameters = {"feed": feed, "stage": stage, "resolution": resolution, "now": now}
    await connection.execute(_QUERIES.resolve_failures, parameters)


# ---------------------------------------------------------------- when it speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What came of one feed."""

    feed: str
    last_at: datetime | None
    """When its last record came."""
    as_of: datetime | None
    """When the newest of what its latest records say was so."""
    records: int
    """Since the moment that was asked for."""
    set_aside: int
    waiting: int
    """Records that wait until the feed is let go on."""


async def activity(connection: Connection, feeds: Sequence[str], *, since: datetime) -> dict[str, Activity]:
    """Return what came of feeds, counted since a moment."""
    rows = await fetch_all(connection, Activity, _QUERIES.activity, feeds=sorted(feeds), since=since)
    return {row.feed: row for row in rows}


async def as_of(connection: Connection, feeds: Sequence[str]) -> dict[str, datetime]:
    """Return when the newest of what feeds said lately was so; a feed that never spoke is not among them.

    What was set aside or refused says nothing, nor does a single record that comes again; in a run it is still so.
    """
    cursor = await connection.execute(_QUERIES.as_of, {"feeds": sorted(feeds)})
    return {str(row[0]): row[1] for row in await cursor.fetchall()}


async def spoken(
    connection: Connection, feed: str, *, after: datetime, until: datetime, least: int, in_runs: bool
) -> datetime | None:
    """Return when a feed had spoken often enough behind one moment and up to another; None where it had not."""
    query = _QUERIES.spoken_in_runs if in_runs else _QUERIES.spoken
    parameters = {"feed": feed, "after": after, "until": until, "before": least - 1 if in_runs else max(least, 1) - 1}
    row = await (await connection.execute(query, parameters)).fetchone()
    return None if row is None else row[0]


async def latest(
    connection: Connection, feed: str, *, until: datetime, in_runs: bool, with_repeated: bool = False
) -> datetime | None:
    """Return when a feed spoke last up to a moment, perhaps by a file that was taken in before; None where never."""
    query = _QUERIES.latest_run if in_runs else _QUERIES.latest
    parameters = {"feed": feed, "until": until} | ({"with_repeated": with_repeated} if in_runs else {})
    row = await (await connection.execute(query, parameters)).fetchone()
    return None if row is None else row[0]


async def expect(connection: Connection, feed: str, *, counts_from: datetime, due_at: datetime, now: datetime) -> None:
    """Remember by when a feed is expected to speak, and from when on what it says counts for that."""
    parameters = {"feed": feed, "counts_from": counts_from, "due_at": due_at, "now": now}
    await connection.execute(_QUERIES.expect, parameters)


async def latest_data(connection: Connection, feed: str, *, fate: str, limit: int) -> list[str]:
    """Return the data of the latest records of a feed that had this fate, as JSON texts."""
    cursor = await connection.execute(_QUERIES.latest_data, {"feed": feed, "fate": fate, "limit": limit})
    return [str(row[0]) for row in await cursor.fetchall()]
