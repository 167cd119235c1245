"""Connections and transactions."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest

from xconnector.postgres.connect import Connection, copy_rows, in_transaction, open_pool, transaction


async def test_sessions_think_in_utc_and_say_whose_they_are(database: str) -> None:
    async with open_pool(database, name="the test") as pool, pool.connection() as connection:
        query = (
            "SELECT current_setting('timezone'), application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
        shown = await (await connection.execute(query)).fetchone()
    assert shown == ("UTC", "the test")


async def test_options_in_the_address_are_kept(database: str) -> None:
    address = f"{database} options='-c work_mem=7MB'"
    async with open_pool(address, name="test") as pool, pool.connection() as connection:
        assert await (await connection.execute("SHOW work_mem")).fetchone() == ("7MB",)
        assert await (await connection.execute("SHOW timezone")).fetchone() == ("UTC",)


async def test_a_statement_that_takes_too_long_is_given_up(database: str) -> None:
    async with open_pool(database, name="test", statement_timeout=timedelta(milliseconds=50)) as pool:
        with pytest.raises(psycopg.errors.QueryCanceled):
            async with transaction(pool) as connection:
                await connection.execute("SELECT pg_sleep(5)")


async def test_a_transaction_that_raises_leaves_nothing(database: str) -> None:
    async with open_pool(database, name="test") as pool:
        async with transaction(pool) as connection:
            await connection.execute("CREATE TABLE letter (id int)")
        with suppress(ZeroDivisionError):
            async with transaction(pool) as connection:
                await connection.execute("INSERT INTO letter VALUES (1)")
                raise ZeroDivisionError
        async with transaction(pool) as connection:
            assert await (await connection.execute("SELECT count(*) FROM letter")).fetchone() == (0,)


async def test_work_that_collides_is_done_again(database: str) -> None:
    async with open_pool(database, name="test") as pool:
        async with transaction(pool) as connection:
            await connection.execute("CREATE TABLE account AS SELECT 1 AS id, 0 AS sum UNION SELECT 2, 0")

        def move(first: int, second: int, both_began: asyncio.Barrier) -> asyncio.Task[None]:
            attempts = 0

            async def work(connection: Connection) -> None:
                nonlocal attempts
                attempts += 1
                await connection.execute("UPDATE account SET sum = sum + 1 WHERE id = %s", [first])
                if attempts == 1:
                    await both_began.wait()
                await connection.execute("UPDATE account SET sum = sum + 1 WHERE id = %s", [second])

            return asyncio.create_task(in_transaction(pool, work))

        barrier = asyncio.Barrier(2)
        await asyncio.gather(move(1, 2, barrier), move(2, 1, barrier))
        async with transaction(pool) as connection:
            assert await (await connection.execute("SELECT sum FROM account")).fetchall() == [(2,), (2,)]


async def test_rows_are_copied_with_their_types(database: str) -> None:
    async with open_pool(database, name="test") as pool, transaction(pool) as connection:
        await connection.execute("CREATE TABLE letter (id int, text text, at timestamptz)")
        await copy_rows(connection, "COPY letter (id, text) FROM STDIN", [(1, "a\tb\n\\."), (2, None)])
        await copy_rows(connection, "COPY letter (id, text) FROM STDIN", [])
        found = await (await connection.execute("SELECT id, text FROM letter ORDER BY id")).fetchall()
    assert found == [(1, "a\tb\n\\."), (2, None)]
