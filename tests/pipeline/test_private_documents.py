import os

import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from xconnector.operations.documents import fetch_archived, write_documents

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_documents_that_are_brought_back_are_for_us_only(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1"))
        await opened.work()
        place, folder = opened.place, opened.folder / "look"
        before = os.umask(0o000)
        try:
            written = await write_documents(place.pool, place.content, "1", folder)
            again = await fetch_archived(place.pool, place.connections, "1", folder)
        finally:
            os.umask(before)

    assert written == again
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
