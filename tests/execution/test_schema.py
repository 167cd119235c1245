"""The tables of execution."""

import psycopg

from xconnector.execution.schema import migrate_execution


async def test_an_empty_database_gets_all_tables_and_a_second_time_nothing(empty_database: str) -> None:
    await migrate_execution(empty_database)
    assert await migrate_execution(empty_database) == []
    with psycopg.connect(empty_database) as connection:
        found = connection.execute("SELECT to_regclass('procrastinate_jobs'), to_regclass('wait')").fetchone()
    assert found == ("procrastinate_jobs", "wait")


def test_a_database_fixture_is_migrated(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM wait").fetchone() == (0,)
