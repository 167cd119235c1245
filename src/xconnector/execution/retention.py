"""Finished jobs are kept for a while, so that operators can look back, and then deleted."""

from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.execution", "retention.sql")

DELETED_AT_ONCE = 2000


async def delete_finished_jobs(connection: Connection, *, before: datetime) -> int:
    """Delete up to `DELETED_AT_ONCE` jobs that ended before that time; returns how many."""
    cursor = await connection.execute(_QUERIES.delete_finished_jobs, {"before": before, "most": DELETED_AT_ONCE})
    return cursor.rowcount
