"""A source that does not speak when it should is a failure, until it does."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.office import Changes, Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.operations.dismissing import dismiss
from xconnector.operations.failures import Choice, open_failures
from xconnector.operations.feeds import feed_account
from xconnector.operations.feeds_overview import feeds_overview
from xconnector.pipeline.silence import look_for_silence
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import reading, transaction
from xconnector.store import dropped_files, feed_states
from xconnector.store.dropped_files import FileState, Settled
from xconnector.store.feed_states import Lately
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = timedelta(hours=1)


def _expected(feed: str, said: str) -> Changes:
    old = {"notice_events": "{event: com.small.notice, mapping: notice}"}.get(
        feed, "{connection: notices, event: com.small.notice.due, mapping: notice}"
    )
    return {"xconnector.yaml": [(old, f"{old[:-1]}, expected: {said}}}")]}


async def _listen(office: Office, *, after: timedelta) -> None:
    """Listen as if some time had gone by; two workers do so."""

    class Later(Workplace):
        def now(self) -> datetime:
            return super().now() + after

    place = office.place
    later = Later(
        project=place.project,
        jobs=place.jobs,
        pool=place.pool,
        locks=place.locks,
        connections=place.connections,
        content=place.content,
    )
    for _ in range(2):
        async with transaction(place.pool) as connection:
            await look_for_silence(later, connection)


async def test_a_source_that_never_spoke_is_silent_once_however_often_it_is_listened(office: OpenOffice) -> None:
    async with office(_expected("notice_events", "{every: 1h}")) as opened:
        await _listen(opened, after=timedelta(0))
        none_yet = await open_failures(opened.place.pool, Choice(), limit=10)
        await _listen(opened, after=2 * HOUR)
        await _listen(opened, after=50 * HOUR)
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)
        line = (await feeds_overview(opened.place.pool, opened.place.project, now=opened.place.now() + 50 * HOUR))[0]

    assert none_yet == []
    assert (failure.feed, failure.stage, failure.kind) == ("notice_events", "silence", "outage")
    assert "a word expected by" in failure.reason
    assert (line.feed, line.state, line.source) == ("notice_events", "silent", "events")


async def test_it_closes_itself_when_the_source_speaks_and_says_how_late(office: OpenOffice) -> None:
    async with office(_expected("notice_events", "{every: 1m, at_least: 2}")) as opened:
        await _listen(opened, after=-2 * HOUR)
        await _listen(opened, after=-HOUR)
        await opened.send(notice("1"))
        await _listen(opened, after=timedelta(0))
        half = await open_failures(opened.place.pool, Choice(), limit=10)
        await opened.send(notice("2"))
        await _listen(opened, after=timedelta(0))
        whole = await open_failures(opened.place.pool, Choice(), limit=10)
        account = await feed_account(opened.place.pool, opened.place.project, "notice_events")

    assert len(half) == 1
    assert whole == []
    assert [one.event for one in account.history] == ["spoke late", "silent"]
    assert '"late":"1 h 59 min"' in str(account.history[0].detail)


async def test_what_was_said_before_is_no_word(office: OpenOffice) -> None:
    async with office(_expected("notice_events", "{every: 1m, at_least: 2}")) as opened:
        await _listen(opened, after=-2 * HOUR)
        await _listen(opened, after=-HOUR)
        for again in (notice("1"), notice("1"), notice("1", amount="13.00")):
            await opened.send(again)
        await _listen(opened, after=timedelta(0))
        still = await open_failures(opened.place.pool, Choice(), limit=10)
        await opened.send(notice("2"))
        await _listen(opened, after=timedelta(0))
        over = await open_failures(opened.place.pool, Choice(), limit=10)

    assert [one.stage for one in still if one.stage == "silence"] == ["silence"]
    assert [one.stage for one in over if one.stage == "silence"] == []


async def test_only_what_is_new_is_counted_and_timed(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1"))
        async with reading(opened.place.pool) as connection:
            until = opened.place.now() + HOUR
            first = await feed_states.latest(connection, "notice_events", until=until, in_runs=False)
            await opened.send(notice("1"))
            await opened.send(notice("1", amount="13.00"))
            last = await feed_states.latest(connection, "notice_events", until=until, in_runs=False)
            lately = await feed_states.bad_lately(connection, "notice_events", most=10)

    assert first is not None
    assert last == first
    assert lately == Lately(records=1, bad=0)


async def test_one_that_was_dismissed_is_not_raised_again_for_the_same_moment(office: OpenOffice) -> None:
    async with office(_expected("notice_events", "{every: 1h}")) as opened:
        await _listen(opened, after=timedelta(0))
        await _listen(opened, after=2 * HOUR)
        dismissed = await dismiss(opened.place.pool, Choice(), actor="anna", reason="it is Sunday")
        await _listen(opened, after=3 * HOUR)
        left = await open_failures(opened.place.pool, Choice(), limit=10)

    assert (dismissed, left) == (1, [])


async def test_a_run_speaks_with_all_its_records_at_once(office: OpenOffice) -> None:
    async with office(_expected("notice_runs", "{every: 1d, by: '00:00', at_least: 3}")) as opened:
        await opened.run([row("1"), row("2"), row("3")])
        await _listen(opened, after=timedelta(0))
        await _listen(opened, after=timedelta(days=1))
        in_time = await open_failures(opened.place.pool, Choice(), limit=10)
        await _listen(opened, after=timedelta(days=2))
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert in_time == []
    assert "feed notice_runs is silent: 3 records expected by" in failure.reason


@pytest.mark.parametrize("at_least, silent", [(0, False), (1, True)])
async def test_a_file_without_news_counts_where_every_file_does(
    office: OpenOffice, at_least: int, *, silent: bool
) -> None:
    async with office(_expected("notice_runs", f"{{every: 2h, at_least: {at_least}}}")) as opened:
        await _listen(opened, after=-HOUR)
        repeated = Settled(state=FileState.REPEATED, sha256="0" * 64)
        async with transaction(opened.place.pool) as connection:
            now = opened.place.now()
            await dropped_files.claim(
                connection, claimant="c", feed="notice_runs", drop="arrivals", name="a.csv", size=0, now=now
            )
            await dropped_files.settle(connection, "c", repeated)
        await _listen(opened, after=HOUR + timedelta(minutes=30))
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

    assert bool(failed) is silent


async def test_several_feeds_are_looked_at_in_the_order_in_which_everybody_holds_them(office: OpenOffice) -> None:
    changes = [_expected(feed, "{every: 1h}") for feed in ("notice_runs", "notice_events")]
    both: Changes = {"xconnector.yaml": [change for one in changes for change in one["xconnector.yaml"]]}
    async with office(both) as opened:
        place = opened.place
        feeds = dict(sorted(place.project.feeds.items(), reverse=True))
        turned = replace(place, project=replace(place.project, feeds=feeds))
        async with transaction(place.pool) as connection:
            await look_for_silence(turned, connection)
            rows = await (await connection.execute("SELECT feed FROM feed_state ORDER BY ctid")).fetchall()

    assert [row[0] for row in rows] == sorted(feeds)
