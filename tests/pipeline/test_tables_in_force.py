from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.office import write_office_project
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.decision.versions import Act, TableEvent
from xconnector.domain.golden import Survivorship
from xconnector.domain.survivorship import SurvivorshipRow
from xconnector.pipeline.tables_in_force import NoVersionInForceError, TablesInForce, tables_in_force
from xconnector.postgres.connect import Pool, open_pool, transaction
from xconnector.project.load import load_project
from xconnector.project.model import Governance, Project
from xconnector.project.survivorship_versions import kept_form
from xconnector.project.tables.stored import content_of
from xconnector.store import table_events, tables

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = date(2026, 12, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The small project on a database of its own, and what is said of its tables."""

    pool: Pool
    files: Project
    """Its files decide."""

    @property
    def governed(self) -> Project:
        return replace(self.files, governance=Governance(approved_by="compliance", proposed_by=None, is_on=True))

    @property
    def table(self) -> DecisionTable:
        return self.files.tables["routing"]

    async def say(self, table: DecisionTable, *acts: Act, day: date = DAY) -> None:
        async with transaction(self.pool) as connection:
            await tables.keep(connection, [content_of(table)], NOW)
            for act in acts:
                event = TableEvent(
                    at=NOW,
                    table=table.name,
                    sha256=table.sha256,
                    act=act,
                    person="anna" if act is Act.PROPOSED else "ben",
                    reason="because",
                    effective_from=day if act is Act.APPROVED else None,
                )
                await table_events.append(connection, event)

    async def approve(self, table: DecisionTable, *, day: date = DAY) -> None:
        await self.say(table, Act.PROPOSED, Act.APPROVED, day=day)

    async def ask(self, project: Project, day: date = DAY) -> TablesInForce:
        async with transaction(self.pool) as connection:
            return await tables_in_force(connection, project, day)

    async def change(self, statement: str) -> None:
        """Change what is recorded, past every trigger."""
        async with transaction(self.pool) as connection:
            await connection.execute(b"SET LOCAL session_replication_role = replica")
            await connection.execute(statement.encode())


@pytest_asyncio.fixture
async def desk(tmp_path: Path, database: str) -> AsyncGenerator[Desk]:
    project = load_project(write_office_project(tmp_path), {"SMTP_PORT": "2525"})
    async with open_pool(database, name="tests") as pool:
        yield Desk(pool=pool, files=project)


def changed(table: DecisionTable, cite: str) -> DecisionTable:
    """Another version of a table; each cite makes one that no other test has."""
    return replace(table, rows=(replace(table.rows[0], cite=cite), *table.rows[1:]))


def digests(found: Sequence[DecisionTable]) -> list[str]:
    return [one.sha256 for one in found]


async def test_files_decide_where_nobody_governs_and_are_kept(desk: Desk) -> None:
    await desk.approve(changed(desk.table, "files decide"))

    found = await desk.ask(desk.files)

    assert found.table("routing") is desk.table
    async with transaction(desk.pool) as connection:
        kept = await tables.find(connection, desk.table.sha256)
    assert kept is not None
    assert kept.content == content_of(desk.table).content


async def test_what_was_kept_in_a_transaction_that_was_undone_is_kept_by_the_next(desk: Desk) -> None:
    async with desk.pool.connection() as connection, connection.transaction(force_rollback=True):
        await tables_in_force(connection, desk.files, DAY)

    await desk.ask(desk.files)

    async with transaction(desk.pool) as connection:
        assert await tables.find(connection, desk.table.sha256) is not None


async def test_approved_versions_decide_where_somebody_governs_and_the_file_does_not(desk: Desk) -> None:
    version, later = changed(desk.table, "version"), changed(desk.table, "later")
    with pytest.raises(NoVersionInForceError, match="no version of table 'routing' is in force on 2026-12-01"):
        (await desk.ask(desk.governed)).table("routing")

    await desk.approve(version)
    await desk.approve(later, day=DAY + timedelta(days=3))

    assert (await desk.ask(desk.governed)).table("routing") == version
    assert (await desk.ask(desk.governed, DAY + timedelta(days=3))).table("routing") == later
    assert dict((await desk.ask(desk.governed, DAY - timedelta(days=1))).tables) == {}


async def test_a_version_that_is_revoked_decides_no_more_from_the_next_batch_on(desk: Desk) -> None:
    before, revoked = changed(desk.table, "before"), changed(desk.table, "revoked")
    await desk.approve(before)
    await desk.approve(revoked)
    assert (await desk.ask(desk.governed)).table("routing") == revoked

    await desk.say(revoked, Act.REVOKED)

    assert (await desk.ask(desk.governed)).table("routing") == before


async def test_shadows_are_told_beside_what_decides(desk: Desk) -> None:
    shadow, version = changed(desk.table, "shadow"), changed(desk.table, "in force")
    await desk.approve(version)
    await desk.say(shadow, Act.PROPOSED, Act.SHADOWED)

    assert digests((await desk.ask(desk.files)).shadows["routing"]) == [shadow.sha256]
    assert digests((await desk.ask(desk.governed)).shadows["routing"]) == [shadow.sha256]
    await desk.say(shadow, Act.APPROVED)
    assert (await desk.ask(desk.governed)).table("routing") == shadow
    assert (await desk.ask(desk.governed)).shadows == {}


async def test_a_kept_table_that_was_changed_past_us_decides_nothing(desk: Desk) -> None:
    await desk.approve(changed(desk.table, "changed past us"))
    await desk.change("UPDATE decision_table SET content = replace(content, '500', '900')")

    found = await desk.ask(desk.governed)

    with pytest.raises(NoVersionInForceError, match="is not that table any more"):
        found.table("routing")


async def test_a_ledger_that_was_changed_past_us_lets_no_version_decide(desk: Desk) -> None:
    await desk.approve(changed(desk.table, "forged"))
    await desk.change("UPDATE table_event SET effective_from = '2026-01-01' WHERE act = 'approved'")

    found = await desk.ask(desk.governed)

    with pytest.raises(NoVersionInForceError, match=r"event 2: it was changed.*restore it"):
        found.table("routing")
    assert (await desk.ask(desk.files)).table("routing") == desk.table


async def test_an_approval_of_ones_own_that_came_in_past_us_lets_nothing_decide(desk: Desk) -> None:
    table = changed(desk.table, "own")
    await desk.say(table, Act.PROPOSED)
    async with transaction(desk.pool) as connection:
        own = TableEvent(
            at=NOW,
            table="routing",
            sha256=table.sha256,
            act=Act.APPROVED,
            person="ANNA",
            reason="me",
            effective_from=DAY,
        )
        await table_events.append(connection, own)

    assert dict((await desk.ask(desk.governed)).tables) == {}


async def test_the_table_of_survivorship_is_kept_when_another_decides_than_before(desk: Desk) -> None:
    changed = replace(desk.files, survivorship=Survivorship([SurvivorshipRow(row="email", fields=("email",))]))
    for project in (desk.files, desk.files, changed, changed):
        await desk.ask(project)

    async with transaction(desk.pool) as connection:
        kept = await (
            await connection.execute("SELECT position, sha256 FROM survivorship_version ORDER BY position")
        ).fetchall()
    assert kept == [(at, kept_form(one.survivorship).sha256) for at, one in enumerate((desk.files, changed), start=1)]
