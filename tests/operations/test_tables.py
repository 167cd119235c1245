import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from tests.office import edit, write_office_project
from tests.project.tables.parsed import parse_table
from xconnector.domain.decision.versions import Act, VersionState
from xconnector.operations.table_history import (
    Standing,
    chain,
    differences_from_files,
    history,
    in_force_on,
    kept_table,
)
from xconnector.operations.tables import (
    Said,
    Speech,
    TableVersionError,
    approve,
    propose,
    reject,
    revoke,
    shadow,
    unshadow,
    withdraw,
)
from xconnector.postgres.connect import Pool, open_pool, transaction
from xconnector.project.findings import ProjectError
from xconnector.project.load import load_project
from xconnector.project.model import Project
from xconnector.project.tables.stored import KeptTableError
from xconnector.project.tables.text import TableText
from xconnector.store import table_events

ENVIRONMENT = {"SMTP_PORT": "2525"}
GOVERNED = "people: {anna: {roles: [compliance]}, ben: {roles: [compliance]}, cleo: {roles: [legal]}}\n"
TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date()
"""Where the small project is at home."""
SOON, LATER = TODAY + timedelta(days=20), TODAY + timedelta(days=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A governed project, its database, and the people who speak."""

    pool: Pool
    project: Project

    def table(self, *changes: tuple[str, str]) -> TableText:
        """The project's routing table, with changes to its text."""
        content = (self.project.folder / "tables/routing.md").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in content
            content = content.replace(old, new)
        text, wrong = parse_table("routing", "routing.md", content.encode())
        assert text is not None, wrong
        return text

    async def propose(self, text: TableText, by: str = "anna") -> Said:
        return await propose(self.pool, self.project, ENVIRONMENT, text, person=by, reason="the law changed")

    async def approve(self, text: TableText, day: date = SOON, by: str = "ben") -> Said:
        return await approve(self.pool, self.project, ENVIRONMENT, self.speech(text, by), effective_from=day)

    def speech(self, text: TableText, by: str, *, digits: int = 12, reason: str = "I read it") -> Speech:
        return Speech(table="routing", sha256=text.table.sha256[:digits], person=by, reason=reason)

    async def deciding(self, day: date) -> str | None:
        version = await in_force_on(self.pool, "routing", day)
        return None if version is None else version.sha256


@pytest_asyncio.fixture
async def desk(tmp_path: Path, database: str) -> AsyncGenerator[Desk]:
    folder = write_office_project(tmp_path / "small")
    edit(folder, "xconnector.yaml", "people: {anna: {roles: [compliance]}, ben: {roles: [legal]}}\n", GOVERNED)
    edit(folder, "xconnector.yaml", GOVERNED, GOVERNED + "tables: {approved_by: compliance}\n")
    async with open_pool(database, name="tests") as pool:
        yield Desk(pool=pool, project=load_project(folder, ENVIRONMENT))


async def test_a_version_decides_from_its_day_on_after_a_second_person_approved_it(desk: Desk) -> None:
    text = desk.table()
    proposed = await desk.propose(text)
    assert proposed.version.state is VersionState.PROPOSED
    assert await desk.deciding(LATER) is None

    approved = await desk.approve(text)

    assert approved.is_new
    assert approved.version.settled is not None
    assert (approved.version.settled.person, approved.version.settled.role) == ("ben", "compliance")
    assert await desk.deciding(SOON - timedelta(days=1)) is None
    assert await desk.deciding(SOON) == text.table.sha256
    assert (await chain(desk.pool)).broken is None


async def test_nobody_approves_or_rejects_what_they_proposed(desk: Desk) -> None:
    text = desk.table()
    await desk.propose(text)

    with pytest.raises(TableVersionError, match="four eyes"):
        await desk.approve(text, by="anna")
    with pytest.raises(TableVersionError, match="withdraw it"):
        await reject(desk.pool, desk.project, desk.speech(text, "anna"))


async def test_a_name_in_another_spelling_is_the_same_person(desk: Desk) -> None:
    people = {**desk.project.people, "Anna": desk.project.people["anna"]}
    twice = replace(desk, project=replace(desk.project, people=people))
    text = desk.table()
    await twice.propose(text)

    with pytest.raises(TableVersionError, match="four eyes"):
        await twice.approve(text, by="Anna")


async def test_whoever_has_not_the_role_is_told_so(desk: Desk) -> None:
    text = desk.table()
    with pytest.raises(TableVersionError, match="not among `people`"):
        await desk.propose(text, by="eve")
    await desk.propose(text, by="cleo")

    with pytest.raises(TableVersionError, match="'compliance', which cleo does not have"):
        await revoke(desk.pool, desk.project, desk.speech(text, "cleo"))
    with pytest.raises(TableVersionError, match="only cleo, who proposed it"):
        await withdraw(desk.pool, desk.project, desk.speech(text, "anna"))
    assert (await withdraw(desk.pool, desk.project, desk.speech(text, "cleo"))).version.state is VersionState.WITHDRAWN


async def test_the_same_word_twice_is_said_once(desk: Desk) -> None:
    text = desk.table()
    assert [(await desk.propose(text)).is_new for _ in range(2)] == [True, False]
    assert [(await desk.approve(text)).is_new for _ in range(2)] == [True, False]
    for word, act in ((shadow, Act.SHADOWED), (revoke, Act.REVOKED)):
        said = [await word(desk.pool, desk.project, desk.speech(text, "anna")) for _ in range(2)]
        assert [one.is_new for one in said] == [True, False], act

    (version,) = await history(desk.pool, desk.project)
    assert [one.act for one in version.said] == [Act.PROPOSED, Act.APPROVED, Act.SHADOWED, Act.REVOKED]


async def test_what_decides_already_is_told_and_not_proposed_anew(desk: Desk) -> None:
    text = desk.table()
    await desk.propose(text)
    await desk.approve(text, TODAY + timedelta(days=1))
    async with transaction(desk.pool) as connection:
        await connection.execute(b"ALTER TABLE table_event DISABLE TRIGGER ALL")
        await connection.execute(b"UPDATE table_event SET effective_from = effective_from - 2")

    said = await desk.propose(text, by="cleo")

    assert (said.is_new, said.is_in_force) == (False, True)
    assert (await chain(desk.pool)).events == 2


async def test_what_decides_until_another_follows_can_be_proposed_to_follow_that(desk: Desk) -> None:
    text, other = desk.table(), desk.table(("<= 500", "<= 400"))
    await desk.propose(text)
    await desk.approve(text, TODAY + timedelta(days=1))
    async with transaction(desk.pool) as connection:
        await connection.execute(b"ALTER TABLE table_event DISABLE TRIGGER ALL")
        await connection.execute(b"UPDATE table_event SET effective_from = effective_from - 2")
    await desk.propose(other)
    await desk.approve(other, SOON)

    assert (await desk.propose(text, by="cleo")).is_new


async def test_notes_alone_are_no_part_of_what_is_approved(desk: Desk) -> None:
    text = desk.table()
    assert (await desk.propose(text)).beside == ()
    noted = replace(text, table=replace(text.table, owner="somebody else"))

    said = await desk.propose(noted)

    assert not said.is_new
    assert [str(one) for one in said.beside] == ["the table: owner nothing becomes somebody else (decides the same)"]
    assert await kept_table(desk.pool, "routing", text.table.sha256) == text.table


async def test_of_proposals_at_once_one_is_kept(desk: Desk) -> None:
    text = desk.table()

    said = await asyncio.gather(*(desk.propose(text) for _ in range(6)))

    assert sorted(one.is_new for one in said) == [False] * 5 + [True]
    assert (await chain(desk.pool)).events == 1


async def test_of_two_approvals_at_once_the_second_is_told_of_the_first(desk: Desk) -> None:
    text = desk.table()
    await desk.propose(text, by="cleo")

    said = await asyncio.gather(
        desk.approve(text, SOON, by="anna"), desk.approve(text, LATER, by="ben"), return_exceptions=True
    )

    refused = [one for one in said if isinstance(one, TableVersionError)]
    assert len(refused) == 1
    assert "already" in str(refused[0])
    assert (await chain(desk.pool)).events == 2


async def test_a_proposal_that_was_cut_off_leaves_nothing_and_is_made_again(desk: Desk) -> None:
    text = desk.table()
    async with transaction(desk.pool) as connection:
        await table_events.lock(connection)
        cut_off = asyncio.create_task(desk.propose(text))
        await asyncio.wait({cut_off}, timeout=0.5)
        assert not cut_off.done(), "nobody else speaks of tables meanwhile"
        cut_off.cancel()
        await asyncio.wait({cut_off})

    with pytest.raises(TableVersionError, match="is kept"):
        await kept_table(desk.pool, "routing", text.table.sha256)
    assert (await desk.propose(text)).is_new


async def test_revoking_brings_the_version_before_back_from_that_moment_on(desk: Desk) -> None:
    old, new = desk.table(), desk.table(("<= 500", "<= 400"))
    for text, day in ((old, SOON), (new, LATER)):
        await desk.propose(text)
        await desk.approve(text, day)
    assert await desk.deciding(LATER) == new.table.sha256
    before = datetime.now(UTC)

    await revoke(desk.pool, desk.project, desk.speech(new, "anna"))

    assert await desk.deciding(LATER) == old.table.sha256
    known_then = await in_force_on(desk.pool, "routing", LATER, as_of=before)
    assert known_then is not None
    assert known_then.sha256 == new.table.sha256


async def test_an_approval_names_enough_digits_of_a_version_that_is_kept_and_a_day_to_come(desk: Desk) -> None:
    text = desk.table()
    with pytest.raises(TableVersionError, match="is kept"):
        await desk.approve(text)
    await desk.propose(text)

    with pytest.raises(TableVersionError, match="at least 8 digits"):
        await approve(desk.pool, desk.project, ENVIRONMENT, desk.speech(text, "ben", digits=7), effective_from=SOON)
    with pytest.raises(TableVersionError, match="has passed"):
        await desk.approve(text, TODAY - timedelta(days=3))
    with pytest.raises(TableVersionError, match="say why"):
        await reject(desk.pool, desk.project, desk.speech(text, "ben", reason="  "))
    assert (await chain(desk.pool)).events == 1


async def test_a_table_that_does_not_fit_the_project_is_not_proposed(desk: Desk) -> None:
    with pytest.raises(ProjectError, match=r"routing\.md:"):
        await desk.propose(desk.table(("suppress: opt-out", "pigeon           ")))

    assert (await chain(desk.pool)).events == 0


@pytest.mark.parametrize("reason", ["", " \n", "two\nlines", "\x1b[2J", "a\0b", "\ud800", "x" * 2001])
async def test_a_reason_is_one_line_that_can_be_kept_and_shown(desk: Desk, reason: str) -> None:
    with pytest.raises(TableVersionError, match=r"the reason|say why"):
        await propose(desk.pool, desk.project, ENVIRONMENT, desk.table(), person="anna", reason=reason)


@pytest.mark.parametrize("name", ["a@b", "rou ting", "../routing", "", "ä"])
async def test_a_table_is_proposed_under_a_name_that_can_be_typed(desk: Desk, name: str) -> None:
    text = desk.table()
    with pytest.raises(TableVersionError, match="cannot name a table"):
        await desk.propose(replace(text, table=replace(text.table, name=name)))


async def test_a_table_that_fits_the_project_no_more_is_not_approved(desk: Desk) -> None:
    text = desk.table()
    await desk.propose(text)
    edit(desk.project.folder, "xconnector.yaml", "ben: {roles: [compliance]}", "ben: {roles: [audit]}")
    edit(desk.project.folder, "xconnector.yaml", "anna: {roles: [compliance]}", "anna: {roles: [audit]}")

    with pytest.raises(ProjectError, match="nobody has the role 'compliance'"):
        await desk.approve(text)


async def test_a_project_that_names_nobody_is_told_how(desk: Desk) -> None:
    ungoverned = replace(desk, project=replace(desk.project, governance=None))

    with pytest.raises(TableVersionError, match="approved_by"):
        await ungoverned.propose(desk.table())


async def test_the_history_tells_where_each_version_stands_and_when_it_decides(desk: Desk) -> None:
    old, new, odd = desk.table(), desk.table(("<= 500", "<= 400")), desk.table(("<= 500", "<= 300"))
    await desk.propose(old)
    await desk.approve(old, TODAY + timedelta(days=1))
    await desk.propose(new)
    await desk.approve(new, LATER)
    await desk.propose(odd)
    await shadow(desk.pool, desk.project, desk.speech(odd, "ben"))

    told = await history(desk.pool, desk.project, "routing")

    assert [(one.sha256, one.standing, one.in_force_to) for one in told] == [
        (old.table.sha256, Standing.APPROVED, LATER - timedelta(days=1)),
        (new.table.sha256, Standing.APPROVED, None),
        (odd.table.sha256, Standing.PROPOSED, None),
    ]
    assert [one.is_shadowed for one in told] == [False, False, True]
    await unshadow(desk.pool, desk.project, desk.speech(odd, "ben"))
    assert not any(one.is_shadowed for one in await history(desk.pool, desk.project))


@pytest.mark.parametrize("name, digits", [("routing", "\udcff" * 8), ("rout\udcffing", "a" * 8), ("a\0", "a" * 8)])
async def test_what_nobody_can_have_meant_is_refused_in_words(desk: Desk, name: str, digits: str) -> None:
    with pytest.raises(TableVersionError, match=r"is kept|at least 8"):
        await kept_table(desk.pool, name, digits)


async def test_a_kept_table_reads_as_it_was_proposed(desk: Desk) -> None:
    text = desk.table(("# Routing", "# Routing\n\nWhat people read above."))
    await desk.propose(text)

    assert await kept_table(desk.pool, "routing", text.table.sha256[:8].upper()) == text.table


async def test_a_kept_table_that_was_changed_past_us_is_refused(desk: Desk) -> None:
    text = desk.table()
    await desk.propose(text)
    async with transaction(desk.pool) as connection:
        await connection.execute(b"ALTER TABLE decision_table DISABLE TRIGGER ALL")
        await connection.execute(b"UPDATE decision_table SET content = replace(content, '500', '900')")

    with pytest.raises(KeptTableError, match="not that table any more"):
        await kept_table(desk.pool, "routing", text.table.sha256)
    with pytest.raises(KeptTableError):
        await desk.approve(text)


async def test_files_that_differ_from_what_is_in_force_are_told_with_the_next_step(desk: Desk) -> None:
    async def told() -> list[str]:
        return await differences_from_files(desk.pool, desk.project, ENVIRONMENT)

    text = desk.table()
    (first,) = await told()
    assert first.startswith("table routing: no version is in force")
    assert "never proposed: xconnector tables propose" in first
    await desk.propose(text)
    assert "waits for a second person" in (await told())[0]
    await desk.approve(text, TODAY + timedelta(days=1))
    assert f"approved for {TODAY + timedelta(days=1)}" in (await told())[0]
    assert await differences_from_files(desk.pool, replace(desk.project, governance=None), ENVIRONMENT) == []
    async with transaction(desk.pool) as connection:
        await connection.execute(b"ALTER TABLE table_event DISABLE TRIGGER ALL")
        await connection.execute(b"UPDATE table_event SET person = 'cleo' WHERE position = 2")
    assert "event 2: it was changed" in (await told())[0]
