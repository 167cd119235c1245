"""Numbered migrations, each applied once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psycopg
import pytest

from xconnector.postgres.connect import Connection, connect
from xconnector.postgres.migrations import Migration, MigrationError, Phase, load_migrations, migrate

ADD = Migration(name="0001_letters.pre", phase=Phase.PRE, sql="CREATE TABLE letter (id int, old text);")
FILL = Migration(name="0002_fill.pre", phase=Phase.PRE, sql="INSERT INTO letter SELECT 1 % 3, '100%'; SELECT 1;")
DROP = Migration(name="0002_drop_old.post", phase=Phase.POST, sql="ALTER TABLE letter DROP COLUMN old;")


@pytest.fixture
async def connection(empty_database: str) -> AsyncIterator[Connection]:
    async with await connect(empty_database, name="test") as opened:
        yield opened


async def columns(connection: Connection) -> Sequence[str]:
    cursor = await connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'letter'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    return [str(name) for (name,) in await cursor.fetchall()]


async def test_each_is_applied_once_and_in_order(connection: Connection) -> None:
    assert await migrate(connection, "post", [ADD, FILL]) == [ADD.name, FILL.name]
    assert await migrate(connection, "post", [ADD, FILL, DROP]) == [DROP.name]
    assert await migrate(connection, "post", [ADD, FILL, DROP]) == []


async def test_what_the_old_code_does_not_survive_can_be_left_for_later(connection: Connection) -> None:
    await migrate(connection, "post", [ADD, FILL, DROP], through=Phase.PRE)
    assert await columns(connection) == ["id", "old"]
    await migrate(connection, "post", [ADD, FILL, DROP])
    assert await columns(connection) == ["id"]


async def test_one_that_fails_leaves_nothing_and_can_be_put_right(connection: Connection) -> None:
    broken = Migration(name=FILL.name, phase=Phase.PRE, sql="INSERT INTO letter VALUES (1); SELECT no_such_function();")
    with pytest.raises(psycopg.errors.UndefinedFunction):
        await migrate(connection, "post", [ADD, broken])
    assert await (await connection.execute("SELECT count(*) FROM letter")).fetchone() == (0,)
    assert await migrate(connection, "post", [ADD, FILL]) == [FILL.name]


async def test_a_changed_one_is_refused(connection: Connection) -> None:
    await migrate(connection, "post", [ADD])
    changed = Migration(name=ADD.name, phase=ADD.phase, sql=ADD.sql + " ")
    with pytest.raises(MigrationError, match=r"0001_letters\.pre was changed after it was applied.*new migration"):
        await migrate(connection, "post", [changed])


async def test_an_older_program_runs_on_pre_migrations_of_a_newer_one_and_refuses_post_ones(
    connection: Connection,
) -> None:
    await migrate(connection, "post", [ADD, FILL])
    assert await migrate(connection, "post", [ADD]) == []
    await migrate(connection, "post", [ADD, FILL, DROP])
    with pytest.raises(MigrationError, match="migrated by a newer version"):
        await migrate(connection, "post", [ADD, FILL])


async def test_components_count_for_themselves(connection: Connection) -> None:
    await migrate(connection, "post", [ADD])
    other = Migration(name=ADD.name, phase=Phase.PRE, sql="CREATE TABLE parcel ();")
    assert await migrate(connection, "parcels", [other]) == [other.name]


async def test_programs_that_migrate_at_the_same_time_apply_each_once(empty_database: str) -> None:
    async def one() -> Sequence[str]:
        async with await connect(empty_database, name="test") as connection:
            return await migrate(connection, "post", [ADD, FILL, DROP])

    applied = await asyncio.gather(*(one() for _ in range(4)))
    assert sorted(name for names in applied for name in names) == sorted([ADD.name, FILL.name, DROP.name])


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> str:
    home = folder / "made_up_migrations"
    home.mkdir()
    (home / "__init__.py").touch()
    for name in names:
        (home / name).write_text("SELECT 1;")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.delitem(sys.modules, "made_up_migrations", raising=False)
    return "made_up_migrations"


def test_files_are_ordered_by_number_and_pre_before_post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["0002_b.post.sql", "0010_c.pre.sql", "0002_z.pre.sql", "0001_x.pre.sql"]
    found = load_migrations(package(tmp_path, monkeypatch, *names))
    assert [each.name for each in found] == ["0001_x.pre", "0002_z.pre", "0002_b.post", "0010_c.pre"]


def test_a_file_without_number_or_phase_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MigrationError, match=r"0001_x\.sql: call it NNNN_name"):
        load_migrations(package(tmp_path, monkeypatch, "0001_x.sql"))


def test_two_files_with_one_number_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MigrationError, match="have one number"):
        load_migrations(package(tmp_path, monkeypatch, "0001_x.pre.sql", "0001_y.pre.sql"))
