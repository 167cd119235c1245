"""What a source promised is asked at the door, and again of what waited."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.office import Changes, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.event import RecordFate
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.project.load import load_project
from xconnector.project.promises import breach_of
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCHEMA = {
    "type": "object",
    "required": ["number", "customer", "amount"],
    "properties": {"amount": {"type": "string", "pattern": "^[0-9]+[.][0-9]{2}$"}, "language": {"enum": ["de", "en"]}},
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
    return path


async def test_a_bad_event_is_set_aside_at_the_door_with_its_reason_while_the_rest_passes(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        good, bad = await opened.send(notice("1"), notice("2", amount="secret"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert (good.fate, bad.fate) == (RecordFate.TAKEN, RecordFate.SET_ASIDE)
    assert bad.reason == failure.reason == "contract notice: amount does not fit its pattern"
    assert (failure.stage, failure.source_key) == ("receive", "2")
    assert account.states == {State.COMPLETED: 1}
    assert account.records["set_aside"] == 1
    assert account.closes


async def test_a_bad_record_of_a_run_is_set_aside_with_its_line(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        rows = [row(str(number)) for number in range(30)]
        run = await opened.run([*rows, row("bad", amount="7")])
        await opened.work()
        account = await opened.account(run)
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 30}
    assert (failure.position, failure.reason) == (32, "contract notice: amount does not fit its pattern")
    assert account.closes


async def test_what_was_set_aside_is_asked_again_by_the_contract_as_it_is_by_then(
    office: OpenOffice, contract: Path
) -> None:
    async with office(CONTRACTED) as opened:
        await opened.send(notice("1", amount="7"), notice("2", language="fr"))
        contract.write_text(json.dumps(SCHEMA).replace('"en"', '"fr"'))
        object.__setattr__(opened.place, "project", load_project(opened.folder, {"SMTP_PORT": "2525"}))
        done = await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="anna", reason="mended")
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert done.started == 2
    assert account.states == {State.COMPLETED: 1}
    assert (failure.source_key, failure.stage) == ("1", "receive")
    assert account.closes


async def test_what_was_taken_stays_taken_when_it_comes_again_under_a_stricter_contract(
    office: OpenOffice, contract: Path
) -> None:
    async with office(CONTRACTED) as opened:
        await opened.send(notice("1"))
        contract.write_text(json.dumps(SCHEMA).replace('"number"', '"another"'))
        object.__setattr__(opened.place, "project", load_project(opened.folder, {"SMTP_PORT": "2525"}))
        (again,) = await opened.send(notice("1"))

    assert again.fate is RecordFate.REPEATED


async def test_of_a_row_that_is_gone_nothing_is_promised(office: OpenOffice) -> None:
    async with office(CONTRACTED) as opened:
        project = opened.place.project
        rows = replace(project.feeds["notice_events"], changes="debezium")

        assert breach_of(project, rows, {"op": "u", "row": {}}) is not None
        assert breach_of(project, rows, {"op": "d", "row": {}}) is None
        assert breach_of(project, project.feeds["notice_events"], {"op": "d"}) is not None
