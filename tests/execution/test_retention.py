"""Finished jobs are deleted after their time, and no others."""

from datetime import UTC, datetime, timedelta

import psycopg

from tests.execution.working import jobs_by_status
from xconnector.execution.retention import LOOKED_AT_AT_ONCE, delete_finished_jobs
from xconnector.postgres.connect import open_pool, transaction


def make_jobs(database: str) -> None:
    """One job in each state, all of which ended or began a day ago; and one that ended just now."""
    with psycopg.connect(database) as connection:
        for status in ("todo", "doing", "succeeded", "failed", "succeeded"):
            connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('q', 't', %s)", [status]
            )
        connection.execute(
            "INSERT INTO procrastinate_events (job_id, type, at)"
            " SELECT id, 'started', now() - interval '1 day' FROM procrastinate_jobs"
        )
        connection.execute("UPDATE procrastinate_events SET at = now() - interval '1 day'")
        connection.execute("UPDATE procrastinate_events SET at = now() WHERE job_id = 5")


async def test_jobs_that_ended_before_a_time_are_deleted_and_others_stay(database: str) -> None:
    make_jobs(database)
    async with open_pool(database, name="test") as pool, transaction(pool) as connection:
        assert await delete_finished_jobs(connection, before=datetime.now(UTC) - timedelta(hours=1)) == 2
    assert jobs_by_status(database) == {"todo": 1, "doing": 1, "succeeded": 1}


def make_many_jobs(database: str, *, old: int, young: int) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name) SELECT 'q', 't' FROM generate_series(1, %s)",
            [old + young],
        )
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        connection.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")
        connection.execute(
            "UPDATE procrastinate_events SET at = now() - interval '1 day'"
            " WHERE job_id IN (SELECT id FROM procrastinate_jobs ORDER BY id LIMIT %s)",
            [old],
        )
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


async def test_where_nothing_is_old_few_of_many_jobs_are_looked_at(database: str) -> None:
    make_many_jobs(database, old=0, young=5 * LOOKED_AT_AT_ONCE)
    async with open_pool(database, name="test") as pool, transaction(pool) as connection:
        assert await delete_finished_jobs(connection, before=datetime.now(UTC) - timedelta(hours=1)) == 0
        query = (
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('procrastinate_jobs', 'procrastinate_events')"
        )
        row = await (await connection.execute(query)).fetchone()
    assert row is not None
    # Each once, and its events.
    assert 0 < int(row[0]) <= 4 * LOOKED_AT_AT_ONCE


async def test_called_until_there_were_none_it_deletes_all_that_are_old(database: str) -> None:
    make_many_jobs(database, old=LOOKED_AT_AT_ONCE + 5, young=7)
    before = datetime.now(UTC) - timedelta(hours=1)
    async with open_pool(database, name="test") as pool, transaction(pool) as connection:
        deleted = [await delete_finished_jobs(connection, before=before) for _ in range(3)]
    assert deleted == [LOOKED_AT_AT_ONCE, 5, 0]
    assert jobs_by_status(database) == {"succeeded": 7}
