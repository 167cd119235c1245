"""Finished jobs are deleted after their time, and no others."""

from datetime import UTC, datetime, timedelta

import psycopg

from tests.execution.working import jobs_by_status
from xconnector.execution.retention import delete_finished_jobs
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
