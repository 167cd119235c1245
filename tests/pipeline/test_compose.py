import asyncio
from pathlib import Path

import pytest

from tests.office import edit, notice, open_place
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.document import RenditionKind, content_digest, document_digest
from xconnector.operations.failures import Choice, open_failures, reprocess

pytestmark = pytest.mark.asyncio(loop_scope="session")

BROKEN_FOR_ONE = '#if input.data.number == "2" { panic("this cannot be set") }\n'
LOOPS = '#if input.data.number == "2" { while true { } }\n'
GREEDY = '#if input.data.number == "2" { let x = (0,); while true { x = x + x } }\n'


async def test_a_template_error_of_one_stops_only_that_one_until_it_is_mended(office: OpenOffice) -> None:
    changes = {"templates/notice/letter.typ": [("= #input", BROKEN_FOR_ONE + "= #input")]}
    async with office(changes, own_composer=True) as opened:
        await opened.send(notice("1"), notice("2"), notice("3"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.COMPLETED: 2, State.FAILED: 1}
        assert (failure.source_key, failure.stage, failure.kind) == ("2", "compose", "project")
        assert "letter.typ" in failure.reason

        edit(opened.folder, "templates/notice/letter.typ", BROKEN_FOR_ONE, "")
        async with open_place(opened.folder, opened.database, opened.relay.port) as mended:
            opened.place = mended
            done = await reprocess(mended.pool, mended.jobs, Choice(), actor="ops", reason="template mended")
            account = await opened.work()

    assert done.started == 1
    assert account.states == {State.COMPLETED: 3}
    assert account.closes


@pytest.mark.slow
@pytest.mark.parametrize("fault", [LOOPS, GREEDY], ids=["loops", "eats memory"])
async def test_a_template_that_runs_away_stops_only_its_own_communication(office: OpenOffice, fault: str) -> None:
    changes = {
        "templates/notice/letter.typ": [("= #input", fault + "= #input")],
        "xconnector.yaml": [("processes: 2", "processes: 1, deadline: 2s, memory: 512MiB")],
    }
    async with office(changes, own_composer=True) as opened:
        await opened.send(notice("1"), notice("2"), notice("3"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 2, State.FAILED: 1}
    assert failure.source_key == "2"
    assert failure.stage == "compose"
    assert account.closes


async def test_what_was_composed_lies_under_its_digest(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        found = await opened.explain("1")
        contents = [opened.place.content.read(kept.place, kept.sha256) for kept in found.renditions]

    kinds = {kept.kind for kept in found.renditions}
    assert kinds == {RenditionKind.LETTER, RenditionKind.EMAIL}
    assert [content_digest(content) for content in contents] == [kept.sha256 for kept in found.renditions]
    assert found.found.document_sha256 == document_digest((kept.kind, kept.sha256) for kept in found.renditions)


async def test_a_template_that_is_gone_fails_by_name(office: OpenOffice) -> None:
    async with office(own_composer=True) as opened:
        await opened.send(notice("1"))
        await asyncio.to_thread((opened.folder / "templates/notice/letter.typ").unlink)
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.FAILED: 1}
    assert "letter.typ" in failure.reason
    assert str(Path.cwd()) not in failure.reason


async def test_a_composer_that_is_busy_costs_no_attempt(office: OpenOffice) -> None:
    one_at_a_time = {
        "xconnector.yaml": [
            ("{connector: embedded, processes: 2}", "{connector: embedded, limits: {rate: 2, burst: 1, attempts: 1}}")
        ]
    }
    async with office(one_at_a_time) as opened:
        for number in range(16):
            await opened.send(notice(str(number)))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 16}
