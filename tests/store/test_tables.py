import psycopg
import pytest

from tests.store.memory import NOW
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import tables
from xconnector.store.tables import TableContent

OLD = TableContent(sha256="a1" * 32, name="routing", content='{"table": "routing"}')
NEW = TableContent(sha256="b2" * 32, name="routing", content='{"table": "routing", "ä": "\\\\u0001"}')


async def test_a_table_is_kept_as_it_is_and_once(pool: Pool) -> None:
    async with transaction(pool) as connection:
        assert (await tables.standing(connection, [OLD.sha256, NEW.sha256])).unkept == [OLD.sha256, NEW.sha256]
        await tables.keep(connection, [OLD, OLD], NOW)
        await tables.keep(connection, [NEW, TableContent(sha256=OLD.sha256, name="routing", content="{}")], NOW)
        found = [await tables.find(connection, one.sha256) for one in (OLD, NEW)]
        standing = await tables.standing(connection, [OLD.sha256, NEW.sha256, "c3" * 32])

    assert [(one.content, one.kept_at) for one in found if one] == [(OLD.content, NOW), (NEW.content, NOW)]
    assert standing.unkept == ["c3" * 32]
    assert standing.head is None


async def test_a_table_is_found_by_its_name_and_first_digits(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await tables.keep(connection, [OLD, NEW], NOW)

        assert await tables.begins_with(connection, "routing", "a1a1a1a1") == [OLD.sha256]
        assert await tables.begins_with(connection, "routing", "") == [OLD.sha256, NEW.sha256]
        assert await tables.begins_with(connection, "routing", "_1%") == []
        assert await tables.begins_with(connection, "other", "a1a1a1a1") == []
        assert await tables.find(connection, "c3" * 32) is None


@pytest.mark.parametrize("change", ["UPDATE decision_table SET content = ''", "DELETE FROM decision_table"])
async def test_what_is_kept_cannot_be_changed(pool: Pool, change: str) -> None:
    async with transaction(pool) as connection:
        await tables.keep(connection, [OLD], NOW)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        async with transaction(pool) as connection:
            await connection.execute(change.encode())
