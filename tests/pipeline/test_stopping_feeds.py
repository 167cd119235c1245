"""A source that breaks its promise stops alone: what it sends waits, and the other feeds go on."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.office import Changes, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.source import ControlTotalsMismatchError
from xconnector.domain.communication import State
from xconnector.domain.event import RecordFate
from xconnector.domain.shape_difference import ChangeOfShape
from xconnector.operations.failures import Choice, failure_groups, open_failures
from xconnector.operations.feeds import FeedError, feed_account, pause_feed, resume_feed
from xconnector.pipeline.receive import receive_run
from xconnector.pipeline.stopping_feeds import look_at_shapes
from xconnector.postgres.connect import transaction
from xconnector.project.load import load_project
from xconnector.testing.small_project import row, write_run

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCHEMA: Mapping[str, object] = {
    "type": "object",
    "required": ["number", "customer", "amount"],
    "properties": {"language": {"enum": ["de", "en"]}, "amount": {"type": "string", "pattern": "^[0-9]+[.][0-9]{2}$"}},
    "additionalProperties": True,
}
CONTRACTED: Changes = {
    "xconnector.yaml": [
        ("com.small.notice, mapping: notice", "com.small.notice, mapping: notice, contract: notice"),
        ("com.small.notice.due, mapping: notice", "com.small.notice.due, mapping: notice, contract: notice"),
    ]
}


@pytest.fixture(autouse=True)
def contract(tmp_path: Path) -> Path:
    """The contract of both feeds."""
    path = tmp_path / "contracts/notice.schema.json"
    path.parent.mkdir()
    path.write_text(json.dumps(SCHEMA))
    (path.parent / "notice.yaml").write_text("owner: CRM team\nbad_at_most: 20%\nunique: [number]\n")
    return path


async def test_a_feed_of_whose_events_too_many_are_bad_stops_and_what_comes_then_waits(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        pool, project = opened.place.pool, opened.place.project
        await opened.send(*[notice(str(number)) for number in range(20)])
        await opened.send(*[notice(f"bad-{number}", amount=7, zip=1) for number in range(6)])
        late, unfit = await opened.send(notice("late"), notice("unfit", amount=7))
        account = await feed_account(pool, project, "notice_events")
        (group,) = [one for one in await failure_groups(pool) if one.stage == "contract"]

    assert (late.fate, unfit.fate) == (RecordFate.TAKEN, RecordFate.TAKEN)
    assert account.state is not None
    assert account.state.reason == "6 of its latest 26 records break contract notice"
    assert [(one.path, one.change, one.was, one.now, one.records, one.of) for one in account.difference] == [
        ("amount", ChangeOfShape.OTHER_KIND, "text", "whole number", 6, 6),
        ("zip", ChangeOfShape.NEW, "", "whole number", 6, 6),
    ]
    assert "CRM team answers for it" in group.example
    assert "xconnector feeds resume notice_events" in group.example


async def test_other_feeds_go_on_and_what_waited_goes_on_when_people_say_so(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        pool, jobs = opened.place.pool, opened.place.jobs
        await opened.send(notice("before"))
        await pause_feed(pool, opened.place.project, "notice_events", actor="anna", reason="a new release")
        await opened.send(notice("1"), notice("2", amount="bad"))
        await opened.run([row("other")])
        async with opened.at_work():
            await opened.until(lambda: _stands(opened.state_of("other"), State.COMPLETED))
            waiting = await opened.account()
            await resume_feed(pool, jobs, "notice_events", actor="ben")
            await opened.until(opened.is_through)
        account = await opened.account()
        (failure,) = await open_failures(pool, Choice(), limit=10)
        with pytest.raises(FeedError, match="is not stopped"):
            await resume_feed(pool, jobs, "notice_events", actor="ben")

    # What was handed in before it was stopped, and not looked at yet, waits as well.
    assert waiting.records["unasked"] == 3
    assert account.states == {State.COMPLETED: 3}
    assert failure.source_key == "2"
    assert account.closes


async def _stands(asked: object, state: State) -> bool:
    return await asked is state  # type: ignore[misc]


async def test_nothing_is_made_of_a_run_that_breaks_its_promise_until_people_say_so(
    office: OpenOffice, contract: Path
) -> None:
    rows = [row(str(number)) for number in range(7)]
    odd = [line.replace(",de,", ",fr,") for line in rows[4:]]
    async with office(CONTRACTED) as opened:
        run = await opened.run([*rows[:4], *odd], batch_size=2)
        pool = opened.place.pool
        account = await feed_account(pool, opened.place.project, "notice_runs")
        untouched = await opened.account(run)
        contract.write_text(json.dumps(SCHEMA).replace('"en"', '"fr"'))
        object.__setattr__(opened.place, "project", load_project(opened.folder, {"SMTP_PORT": "2525"}))
        released = await resume_feed(pool, opened.place.jobs, "notice_runs", actor="anna", accept=True)
        await opened.work()
        finished = await opened.account(run)
        groups = await failure_groups(pool)

    assert account.state is not None
    reason = "3 of 7 records contract notice: language is none of the 2 values that are promised (3)"
    assert account.state.reason == reason
    assert (untouched.records["unasked"], untouched.records["set_aside"], untouched.states) == (7, 0, {})
    assert released == 4
    assert finished.states == {State.COMPLETED: 7}
    assert finished.closes
    assert groups == []


async def test_a_run_in_which_a_value_stands_twice_waits(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        await opened.run([row("1"), row("2"), row("1", amount="9.00")])
        account = await feed_account(opened.place.pool, opened.place.project, "notice_runs")

    assert account.state is not None
    assert account.state.reason == "1 of 3 records share their number with another"


async def test_an_interrupted_run_of_a_feed_that_was_let_go_on_is_taken_up(office: OpenOffice) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done >= 2:
            raise InterruptedError

    rows = [row(str(number), amount="7") for number in range(4)]
    async with office(CONTRACTED) as opened:
        feed = opened.place.project.feeds["notice_runs"]
        file = write_run(opened.folder / "run.csv", rows)
        with pytest.raises(InterruptedError):
            await receive_run(opened.place, feed, file, batch_size=2, progress=interrupt)
        await resume_feed(opened.place.pool, opened.place.jobs, "notice_runs", actor="anna")
        run = await receive_run(opened.place, feed, file, batch_size=2)
        await opened.work()
        account = await opened.account(run)

    assert account.records["set_aside"] == 4
    assert account.closes


async def test_control_totals_come_first(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        file = write_run(opened.folder / "run.csv", [row("1", amount="7")], declared=3)
        with pytest.raises(ControlTotalsMismatchError):
            await receive_run(opened.place, opened.place.project.feeds["notice_runs"], file)
        account = await feed_account(opened.place.pool, opened.place.project, "notice_runs")

    assert account.state is None


async def test_a_new_field_is_told_and_stops_nothing(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        await opened.run([row("1")])
        file = write_run(opened.folder / "later.csv", [row("2")])
        head, line = file.read_text().splitlines()
        head, line = file.read_text().splitlines()
        file.write_text(f"{head},tag\n{line},x\n")
        await receive_run(opened.place, opened.place.project.feeds["notice_runs"], file)
        account = await feed_account(opened.place.pool, opened.place.project, "notice_runs")

    assert account.state is not None
    assert not account.state.paused
    assert [(one.path, one.is_harmless) for one in account.difference] == [("tag", True)]
    assert [one.event for one in account.history] == ["looks otherwise"]


async def test_a_new_field_of_single_events_is_told_once(office: OpenOffice) -> None:
    async def look() -> None:
        async with transaction(opened.place.pool) as connection:
            await look_at_shapes(opened.place, connection)

    async with office(CONTRACTED) as opened:
        await opened.send(*[notice(str(number)) for number in range(20)])
        await look()
        await opened.send(*[notice(f"more-{number}", tag="x") for number in range(20)])
        await look()
        await look()
        account = await feed_account(opened.place.pool, opened.place.project, "notice_events")

    assert [(one.path, one.is_harmless) for one in account.difference] == [("tag", True)]
    assert [one.event for one in account.history] == ["looks otherwise"]


async def test_a_run_with_another_volume_than_usual_waits(office: OpenOffice, contract: Path) -> None:
    (contract.parent / "notice.yaml").write_text("volume: {within: 30%}\n")
    async with office(CONTRACTED) as opened:
        await opened.run([row(str(number)) for number in range(10)])
        await opened.run([row(f"less-{number}") for number in range(6)], name="less.csv")
        account = await feed_account(opened.place.pool, opened.place.project, "notice_runs")

    assert account.state is not None
    assert account.state.reason == "6 records, more than 30% away from 10, the median of the last 1 runs"
