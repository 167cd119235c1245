from pathlib import Path

import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.operations.customers import CustomerFileError, load_customers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_loaded_address_routes_what_comes_later(office: OpenOffice, tmp_path: Path) -> None:
    file = tmp_path / "crm.jsonl"
    file.write_text('{"customer": "K-1", "as_of": "2026-11-24T00:00:00Z", "email": "new@x.test"}\n')
    async with office() as opened:
        loaded = await load_customers(opened.place.pool, file, source="portal")
        await opened.send(notice("1", email="old@x.test"))
        account = await opened.work()

    assert loaded == 1
    assert account.states == {State.COMPLETED: 1}
    assert (opened.mails_to("new@x.test"), opened.mails_to("old@x.test")) == (1, 0)


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", '{"email": "a@x.test"}', '{"customer": ""}', '{"customer": "K", "as_of": "soon"}', "[" * 10_000],
)
async def test_a_line_that_is_no_customer_loads_nothing_and_is_named(
    office: OpenOffice, tmp_path: Path, line: str
) -> None:
    file = tmp_path / "crm.jsonl"
    file.write_text('{"customer": "K-1", "email": "zwiebel@x.test"}\n' + line + "\n")
    async with office() as opened:
        with pytest.raises(CustomerFileError, match=r"crm\.jsonl:2: ") as refused:
            await load_customers(opened.place.pool, file, source="crm")
        await opened.send(notice("1"))
        await opened.work()

    assert "zwiebel" not in str(refused.value)
    assert opened.mails_to("zwiebel@x.test") == 0
