from pathlib import Path

import pytest

from tests.office import Changes, notice
from tests.pipeline.conftest import OpenOffice
from tests.project.tables.parsed import parse_table
from xconnector.domain.communication import State
from xconnector.operations.tables import Speech, propose, shadow
from xconnector.postgres.connect import transaction
from xconnector.store import shadow_answers

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENVIRONMENT = {"SMTP_PORT": "2525"}
FILES_DECIDE: Changes = {
    "xconnector.yaml": [("record_classes:", "tables: {approved_by: compliance, governed: false}\nrecord_classes:")]
}


async def test_a_shadow_answers_beside_and_decides_nothing(office: OpenOffice) -> None:
    async with office(FILES_DECIDE) as opened:
        project = opened.place.project
        content = (Path(project.folder) / "tables/routing.md").read_text(encoding="utf-8")
        changed = content.replace("| > 1000           | print ", "| > 10             | print ")
        assert changed != content
        text, wrong = parse_table("routing", "routing.md", changed.encode())
        assert text is not None, wrong
        await propose(opened.place.pool, project, ENVIRONMENT, text, person="anna", reason="cheaper?")
        said = Speech(table="routing", sha256=text.table.sha256, person="anna", reason="try it")
        await shadow(opened.place.pool, project, said)

        await opened.send(notice("1", email="a@x.test"), notice("2", amount="5.00", email="b@x.test"))
        account = await opened.work()
        async with transaction(opened.place.pool) as connection:
            counts = await shadow_answers.matrix(connection, "routing", shadow_sha256=text.table.sha256)

    assert account.states == {State.COMPLETED: 2}
    assert opened.mails_to("a@x.test") == 1, "the version in force decides"
    assert {(one.in_force_row, one.shadow_row, one.differs, one.number) for one in counts} == {
        ("R3", "R2", True, 1),
        ("R3", "R3", False, 1),
    }
