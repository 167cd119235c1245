import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest

from tests.store.memory import NOW
from xconnector.domain.decision.version_chain import ChainedEvent, first_break
from xconnector.domain.decision.versions import Act, TableEvent
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import table_events, tables
from xconnector.store.tables import TableContent

SHA256 = "a1" * 32
PROPOSED = TableEvent(at=NOW, table="routing", sha256=SHA256, act=Act.PROPOSED, person="anna", reason="§ 7 ä\n\\")
APPROVED = replace(
    PROPOSED, act=Act.APPROVED, person="ben", role="compliance", effective_from=date(2026, 12, 1), reason="read it"
)


async def write(pool: Pool, *events: TableEvent) -> list[ChainedEvent]:
    async with transaction(pool) as connection:
        contents = {one.sha256: TableContent(sha256=one.sha256, name=one.table, content="{}") for one in events}
        await tables.keep(connection, [*contents.values()], NOW)
        return [await table_events.append(connection, one) for one in events]


async def chain(pool: Pool) -> Sequence[ChainedEvent]:
    async with transaction(pool) as connection:
        return await table_events.chain(connection)


async def test_events_are_read_as_they_were_written_and_chained(pool: Pool) -> None:
    written = await write(pool, PROPOSED, replace(APPROVED, at=NOW + timedelta(minutes=1)))

    read = await chain(pool)

    assert read == written
    assert [one.position for one in read] == [1, 2]
    assert read[0].event == PROPOSED
    assert first_break(read) is None
    async with transaction(pool) as connection:
        assert await table_events.of_table(connection, "routing") == [one.event for one in read]
        assert await table_events.of_table(connection, "other") == []
        assert (await tables.standing(connection, [])).head == read[-1].sha256


async def test_a_clock_that_is_behind_never_changes_the_order(pool: Pool) -> None:
    _, second = await write(pool, PROPOSED, replace(APPROVED, at=NOW - timedelta(hours=1)))

    assert second.event.at == NOW + timedelta(microseconds=1)
    assert first_break(await chain(pool)) is None


async def test_many_at_once_make_one_chain(pool: Pool) -> None:
    await asyncio.gather(*(write(pool, replace(PROPOSED, table=f"table{at}")) for at in range(8)))

    read = await chain(pool)

    assert [one.position for one in read] == [*range(1, 9)]
    assert first_break(read) is None


@pytest.mark.parametrize(
    "change",
    ["UPDATE table_event SET person = 'x'", "DELETE FROM table_event", "TRUNCATE table_event"],
)
async def test_what_was_said_cannot_be_changed(pool: Pool, change: str) -> None:
    await write(pool, PROPOSED)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        async with transaction(pool) as connection:
            await connection.execute(change.encode())


@pytest.mark.parametrize(
    "change, told",
    [
        ("UPDATE table_event SET person = 'eve' WHERE position = 2", "event 2: it was changed after it was written"),
        ("UPDATE table_event SET effective_from = '2026-11-01' WHERE position = 2", "event 2: it was changed"),
        ("DELETE FROM table_event WHERE position = 1", "event 1: it is missing"),
    ],
)
async def test_what_was_changed_past_us_is_seen(pool: Pool, change: str, told: str) -> None:
    await write(pool, PROPOSED, APPROVED)
    async with transaction(pool) as connection:
        await connection.execute(b"ALTER TABLE table_event DISABLE TRIGGER ALL")
        await connection.execute(change.encode())

    assert told in str(first_break(await chain(pool)))
