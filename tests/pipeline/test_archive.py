import asyncio
from datetime import timedelta

import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import ScriptedChannel
from xconnector.domain.communication import State
from xconnector.operations.documents import fetch_archived, write_documents
from xconnector.operations.failures import Choice, open_failures, reprocess

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_everything_is_archived_before_it_leaves(office: OpenOffice) -> None:
    async with office(instead={"email": ScriptedChannel()}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        found = await opened.explain("1")

    story = [entry.event for entry in found.history]
    assert story.index("archived") < story.index("dispatching")
    assert len(found.archived) == len(found.renditions) == 2
    assert {kept.retain_until - found.found.moved_at.date() for kept in found.archived} <= {
        timedelta(days=days) for days in range(3651, 3655)
    }


async def test_what_is_archived_comes_back_byte_for_byte(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        composed = await write_documents(opened.place.pool, opened.place.content, "1", opened.folder / "composed")
        kept = await fetch_archived(opened.place.pool, opened.place.connections, "1", opened.folder / "kept")

    assert [path.name for path in composed] == [path.name for path in kept]
    assert [path.read_bytes() for path in composed] == [path.read_bytes() for path in kept]


async def test_nothing_leaves_while_the_archive_cannot_be_written(office: OpenOffice) -> None:
    changes = {"xconnector.yaml": [("folder: var/archive}", "folder: var/archive, limits: {attempts: 1}}")]}
    async with office(changes) as opened:
        await asyncio.to_thread((opened.folder / "var").mkdir, exist_ok=True)
        (opened.folder / "var" / "archive").write_text("a file where the folder should be")
        await opened.send(notice("1", email="a@x.test"), notice("2"))
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.FAILED: 2}
        assert account.closes
        assert {row.stage for row in failed} == {"archive"}
        assert opened.mails_to("a@x.test") == 0

        (opened.folder / "var" / "archive").unlink()
        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="archive mended")
        account = await opened.work()

    assert account.states == {State.COMPLETED: 2}
    assert opened.mails_to("a@x.test") == 1
