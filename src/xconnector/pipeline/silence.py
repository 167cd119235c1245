"""silence: a source that does not speak when it should is a failure, until it does."""

from datetime import datetime, timedelta

from xconnector.domain.calendar import NoWorkingDayError
from xconnector.domain.expectation import Awaited, Expectation, after_hearing
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.staleness import spelled_age
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.model import Feed
from xconnector.store import feed_states
from xconnector.store.feed_states import FeedState

STAGE = "silence"
LOOK_FOR_SILENCE_EVERY = timedelta(seconds=15)
_MOST_AT_ONCE = 400
"""Moments that are settled in one look, after a time in which nobody looked."""


async def look_for_silence(place: Workplace, connection: Connection) -> None:
    """Look whether every source that is expected to speak has, in the caller's transaction."""
    now = place.now()
    states = await feed_states.all_states(connection)
    # By name: whoever else takes several feeds takes them so, and nobody waits for another who waits for us.
    for _, feed in sorted(place.project.feeds.items()):
        expected = place.project.expectation_of(feed)
        if expected is not None:
            await _listen_to(place, connection, feed, expected, states.get(feed.name), now)


async def _listen_to(
    place: Workplace, connection: Connection, feed: Feed, expected: Expectation, state: FeedState | None, now: datetime
) -> None:
    try:
        awaited = before = _awaited(expected, state, now)
        for _ in range(_MOST_AT_ONCE):
            heard = await _hear(place, connection, feed, expected, awaited, now)
            if heard == awaited:
                break
            awaited = heard
    except NoWorkingDayError:
        # Its calendar has no working day for a year: nothing can be expected.
        return
    known = state is not None and Awaited(counts_from=state.counts_from or now, due_at=state.due_at or now) == before
    if awaited != before or not known:
        await feed_states.expect(connection, feed.name, counts_from=awaited.counts_from, due_at=awaited.due_at, now=now)


def _awaited(expected: Expectation, state: FeedState | None, now: datetime) -> Awaited:
    """Return what is waited for: as it is remembered, or as the project says it where the moment is still to come."""
    if state is None or state.counts_from is None or state.due_at is None:
        # Who spoke shortly before anybody expected it has spoken.
        since = now - expected.every
        return Awaited(counts_from=since, due_at=expected.due_after(now))
    if state.due_at <= now:
        return Awaited(counts_from=state.counts_from, due_at=state.due_at)
    later = expected.due_after(now)
    return Awaited(counts_from=state.counts_from, due_at=later if expected.is_at_a_time else min(later, state.due_at))


async def _hear(
    place: Workplace, connection: Connection, feed: Feed, expected: Expectation, awaited: Awaited, now: datetime
) -> Awaited:
    """Settle one moment, and return what is waited for then: the same where there is nothing more to settle."""
    in_runs = _is_read_in_runs(place, feed)
    spoke_at = await feed_states.spoken(
        connection, feed.name, after=awaited.counts_from, until=now, least=expected.at_least, in_runs=in_runs
    )
    heard = after_hearing(expected, awaited, spoke_at, now=now)
    if heard.is_silent:
        await _raise(connection, feed.name, expected, awaited, now)
    if heard.late_by is not None and spoke_at is not None:
        await _close(connection, feed.name, expected, awaited, spoke_at, now)
    if spoke_at is None or expected.is_at_a_time or heard.is_silent:
        return heard.awaited
    latest = await feed_states.latest(
        connection, feed.name, until=now, in_runs=in_runs, with_repeated=not expected.at_least
    )
    latest = latest or spoke_at
    return Awaited(counts_from=latest, due_at=expected.due_after(latest))


def _is_read_in_runs(place: Workplace, feed: Feed) -> bool:
    """Say whether what a feed sends comes in files: a file speaks once, however long it is read."""
    return feed.connection in place.connections.run_source_names


async def _raise(connection: Connection, feed: str, expected: Expectation, awaited: Awaited, now: datetime) -> bool:
    failure = _silence(feed, expected, awaited)
    raised = await feed_states.remember_failure(connection, feed, failure, due_at=awaited.due_at, now=now)
    if raised:
        await feed_states.tell(connection, feed, "silent", now=now, detail={"due_at": awaited.due_at})
    return raised


async def _close(
    connection: Connection, feed: str, expected: Expectation, awaited: Awaited, spoke_at: datetime, now: datetime
) -> None:
    """Note that a source spoke late, also where nobody looked in between."""
    await _raise(connection, feed, expected, awaited, now)
    late = spelled_age(spoke_at - awaited.due_at)
    told = f"it spoke at {spoke_at:%Y-%m-%d %H:%M:%SZ}, {late} late"
    await feed_states.resolve_failures(connection, feed, STAGE, resolution=told, now=now)
    await feed_states.tell(connection, feed, "spoke late", now=now, detail={"due_at": awaited.due_at, "late": late})


def _silence(feed: str, expected: Expectation, awaited: Awaited) -> Failure:
    due = awaited.due_at.astimezone(expected.zone)
    what = "a word" if expected.at_least <= 1 else f"{expected.at_least:,} records"
    reason = (
        f"feed {feed} is silent: {what} expected by {due:%Y-%m-%d %H:%M} ({expected.zone.key}) did not come; "
        "ask its source. This closes itself when it speaks"
    )
    return Failure(stage=STAGE, kind=FailureKind.OUTAGE, reason=reason)
