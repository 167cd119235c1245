"""A governed project at work: what a version decides, what no version decides, and what is known of it later."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.office import Changes, Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.project.tables.parsed import parse_table
from xconnector.domain.communication import State
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.operations.table_history import kept_table
from xconnector.operations.tables import Speech, approve, propose, revoke
from xconnector.project.presentation import day_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENVIRONMENT = {"SMTP_PORT": "2525"}
GOVERNED: Changes = {
    "xconnector.yaml": [
        ("people: {anna: {roles: [compliance]}, ben: {roles: [legal]}}\n",
         "people: {anna: {roles: [compliance]}, ben: {roles: [compliance]}}\ntables: {approved_by: compliance}\n")
    ]
}  # fmt: skip


async def in_force(opened: Office, *changes: tuple[str, str]) -> str:
    """Let the routing table, with changes to its text, be in force from today on; returns its digest."""
    project = opened.place.project
    content = (Path(project.folder) / "tables/routing.md").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in content
        content = content.replace(old, new)
    text, wrong = parse_table("routing", "routing.md", content.encode())
    assert text is not None, wrong
    await propose(opened.place.pool, project, ENVIRONMENT, text, person="anna", reason="new law")
    today = day_of(datetime.now(UTC), project.locale.timezone)
    said = Speech(table="routing", sha256=text.table.sha256, person="ben", reason="read it")
    await approve(opened.place.pool, project, ENVIRONMENT, said, effective_from=today)
    return text.table.sha256


async def test_what_no_version_decides_fails_and_goes_on_when_one_is_in_force(office: OpenOffice) -> None:
    async with office(GOVERNED) as opened:
        await opened.send(notice("1"))
        account = await opened.work()
        (failed,) = await open_failures(opened.place.pool, Choice(), limit=10)
        assert account.states == {State.FAILED: 1}
        assert "no version of table 'routing' is in force" in failed.reason

        await in_force(opened)
        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="anna", reason="in force now")

        assert (await opened.work()).states == {State.COMPLETED: 1}


async def test_the_version_in_force_decides_and_the_file_does_not(office: OpenOffice) -> None:
    async with office(GOVERNED) as opened:
        first = await in_force(
            opened, ("<= 500           | print             | -  ", "<= 500           | suppress: stopped | -  ")
        )
        await opened.send(notice("1"))
        await opened.work()
        second = await in_force(opened)
        await opened.send(notice("2"))
        await opened.work()
        said = Speech(table="routing", sha256=second, person="anna", reason="a mistake")
        await revoke(opened.place.pool, opened.place.project, said)
        await opened.send(notice("3"))
        await opened.work()

        states = [await opened.state_of(key) for key in ("1", "2", "3")]
        yesterdays = await kept_table(opened.place.pool, "routing", first)

    assert states == [State.SUPPRESSED, State.COMPLETED, State.SUPPRESSED]
    assert yesterdays.row_by_id["R4"].said("route", "") == "suppress: stopped"
