"""What depends on a source is refused or flagged where the source is stale."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.office import Changes, Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.errors import TransientError
from xconnector.domain.communication import State
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.operations.feeds_overview import feeds_overview
from xconnector.postgres.connect import reading
from xconnector.store import feed_states
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _needing(communication: str, follows: str) -> Changes:
    events = "{event: com.small.notice, mapping: notice}"
    runs = "{connection: notices, event: com.small.notice.due, mapping: notice}"
    return {
        "xconnector.yaml": [(events, f"{events[:-1]}, fresh_within: 1d}}"), (runs, f"{runs[:-1]}, fresh_within: 1d}}")],
        f"communications/{communication}.yaml": [("category: contract", f"category: contract\nneeds_fresh: {follows}")],
    }


async def test_an_event_whose_sources_are_stale_fails_and_is_made_when_they_spoke(office: OpenOffice) -> None:
    async with office(_needing("notice", "{notice_runs: refuse}")) as opened:
        await opened.send(notice("1"))
        await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)
        await opened.run([row("other")])
        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="anna", reason="loaded")
        account = await opened.work()

    assert failure.reason.startswith("feed notice_runs never spoke, and must have within 1 d.")
    assert account.states == {State.COMPLETED: 2}
    assert account.closes


async def _as_of(opened: Office) -> dict[str, datetime]:
    async with reading(opened.place.pool) as connection:
        return await feed_states.as_of(connection, ["notice_events", "notice_runs"])


async def test_a_single_record_that_comes_again_is_no_newer_than_it_was(office: OpenOffice) -> None:
    async with office(_needing("notice_due", "{notice_events: refuse}")) as opened:
        timeless = replace(notice("1"), occurred_at=None)
        await opened.send(timeless)
        first = await _as_of(opened)
        await opened.send(timeless)

        assert await _as_of(opened) == first


async def test_a_record_that_comes_again_in_another_run_is_so_still(office: OpenOffice) -> None:
    async with office(_needing("notice", "{notice_runs: refuse}")) as opened:
        await opened.run([row("1"), row("2")])
        first = await _as_of(opened)
        await opened.run([row("2"), row("1")])
        second = await _as_of(opened)

    assert second["notice_runs"] > first["notice_runs"]


async def test_a_run_is_refused_before_anything_is_taken_in(office: OpenOffice) -> None:
    async with office(_needing("notice_due", "{notice_events: refuse}")) as opened:
        with pytest.raises(TransientError, match="nothing was taken in: notice_due needs what is fresh"):
            await opened.run([row("1")])
        account = await opened.account()

    assert account.records["taken"] == 0


async def test_what_is_flagged_is_made_and_its_history_tells_the_age(office: OpenOffice) -> None:
    old = notice("old")
    object.__setattr__(old, "occurred_at", datetime(2026, 1, 1, tzinfo=UTC))
    async with office(_needing("notice", "{notice_events: flag}")) as opened:
        await opened.send(old)
        await opened.work()
        decided = next(one for one in (await opened.explain("old")).history if one.event == "decided")
        (events, runs) = await feeds_overview(opened.place.pool, opened.place.project, now=opened.place.now())

    assert str(decided.detail).count("the newest word of feed notice_events is ") == 1
    assert (events.is_fresh, events.records, events.state) == (False, 1, "goes on")
    assert (runs.is_fresh, runs.state, runs.source) == (False, "never spoke", "csv_file")
