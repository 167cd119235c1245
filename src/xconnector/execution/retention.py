"""Finished jobs are kept for a while, so that operators can look back, and then deleted."""

from datetime import datetime

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.execution", "retention.sql")

LOOKED_AT_AT_ONCE = 2000


async def delete_finished_jobs(connection: Connection, *, before: datetime) -> int:
    """Delete those of the oldest `LOOKED_AT_AT_ONCE` finished jobs that ended before that time; returns how many.

    It costs the same whether millions of younger ones are kept or none. Call it until there were none: a job that was
    asked for long ago and ended late may keep others behind it a while longer.
    """
    cursor = await connection.execute(_QUERIES.delete_finished_jobs, {"before": before, "most": LOOKED_AT_AT_ONCE})
    return cursor.rowcount
