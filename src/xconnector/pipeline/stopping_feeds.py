"""stopping feeds: a source that breaks its promise stops alone, and what it sends meanwhile waits."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from xconnector.domain.event import BadRecord, RecordFate, SourceRecord
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.promise_kept import FEWEST, LATEST, broken_promise, too_many_bad
from xconnector.domain.record_shape import RecordShape, shape_of
from xconnector.domain.shape_difference import Change, changes_between
from xconnector.pipeline.survey import Surveyed, survey
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.project.model import Feed
from xconnector.project.promises import breach_of
from xconnector.project.source_contract import SourceContract
from xconnector.store import feed_states
from xconnector.store.rows import from_json

STAGE = "contract"
LOOK_AT_SHAPES_EVERY = timedelta(minutes=5)
_LATEST_RUNS = 5


async def stop_where_broken(place: Workplace, connection: Connection, feeds: Iterable[str], now: datetime) -> None:
    """Stop those of some feeds of which too many of the latest records break their contract.

    Meant to be called where some just did, in the transaction in which they were set aside.
    """
    for name in sorted(feeds):
        feed = place.project.feeds[name]
        contract = place.project.contract_of(feed)
        if contract is None:
            continue
        lately = await feed_states.bad_lately(connection, name, most=LATEST)
        if lately.records < FEWEST or not too_many_bad(lately.records, lately.bad, contract.rules.bad_share):
            continue
        why = f"{lately.bad:,} of its latest {lately.records:,} records break contract {contract.name}"
        good = await _sample(connection, name, RecordFate.TAKEN)
        bad = await _sample(connection, name, RecordFate.SET_ASIDE)
        known = await feed_states.known_shape(connection, name)
        await _stop(connection, contract, name, why, changes_between(known or good, bad), now)


async def stop_before_run(
    place: Workplace, feed: Feed, records: Callable[[], Iterable[SourceRecord | BadRecord]]
) -> None:
    """Look a run's records through, and stop its feed where they break what was promised: they will wait then."""
    contract = place.project.contract_of(feed)
    if contract is None:
        return
    judge = partial(breach_of, place.project, feed)
    seen = await asyncio.to_thread(lambda: survey(records(), contract.rules.unique, judge))

    async def write(connection: Connection) -> None:
        now = place.now()
        earlier = await feed_states.volumes(connection, feed.name, limit=_LATEST_RUNS)
        rules = contract.rules
        why = broken_promise(seen.survey, share=rules.bad_share, volume=rules.volume, earlier=earlier)
        known = await feed_states.known_shape(connection, feed.name)
        if why is not None:
            difference = changes_between(known or seen.good, _blamed(seen))
            await _stop(connection, contract, feed.name, why, difference, now)
        else:
            await note_shape(connection, feed.name, known, seen.good, now)

    await in_transaction(place.pool, write)


async def look_at_shapes(place: Workplace, connection: Connection) -> None:
    """Note how the records of single events look by now, in the caller's transaction: runs are looked at themselves."""
    now = place.now()
    for _, feed in sorted(place.project.feeds.items()):
        if feed.contract is None or feed.connection in place.connections.run_source_names:
            continue
        seen = await _sample(connection, feed.name, RecordFate.TAKEN)
        known = await feed_states.known_shape(connection, feed.name)
        if seen.records >= FEWEST and (known is None or changes_between(known, seen)):
            await note_shape(connection, feed.name, known, seen, now)


async def note_shape(
    connection: Connection, feed: str, known: RecordShape | None, seen: RecordShape, now: datetime
) -> None:
    """Remember how good records look; what is new in them stops nothing, and is told."""
    if not seen.records:
        return
    difference = () if known is None else changes_between(known, seen)
    # The counts of one look are enough: they would grow without end.
    merged = seen if known is None else RecordShape(records=seen.records, paths={**known.paths, **seen.paths})
    await feed_states.note_shape(connection, feed, merged, difference=difference, now=now)
    if difference:
        await feed_states.tell(connection, feed, "looks otherwise", now=now, detail={"difference": difference})


def _blamed(seen: Surveyed) -> RecordShape:
    return seen.bad if seen.bad.records else seen.good


async def _sample(connection: Connection, feed: str, fate: RecordFate) -> RecordShape:
    found = await feed_states.latest_data(connection, feed, fate=fate, limit=LATEST)
    return shape_of(from_json(one) for one in found)


async def _stop(
    connection: Connection,
    contract: SourceContract,
    feed: str,
    why: str,
    difference: Sequence[Change],
    now: datetime,
) -> None:
    if not await feed_states.pause(connection, feed, reason=why, actor=None, difference=difference, now=now):
        return
    await feed_states.tell(connection, feed, "stopped", now=now, detail={"reason": why, "difference": difference})
    owner = f"; {contract.rules.owner} answers for it" if contract.rules.owner else ""
    reason = (
        f"feed {feed} is stopped: {why}{owner}. What it sends waits: look at `xconnector feeds show {feed}`, "
        f"then `xconnector feeds resume {feed}`"
    )
    failure = Failure(stage=STAGE, kind=FailureKind.INPUT, reason=reason)
    await feed_states.remember_failure(connection, feed, failure, due_at=now, now=now)
