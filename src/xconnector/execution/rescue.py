"""The jobs of workers that died: given to another, or given up when too many died under them."""

import logging
from collections.abc import Collection
from datetime import timedelta

from xconnector.execution.jobs import Exhausted, ExhaustedFunction
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

logger = logging.getLogger(__name__)

_QUERIES = Queries.load("xconnector.execution", "rescue.sql")


async def rescue_stalled_jobs(
    connection: Connection, stages: Collection[str], *, stalled_after: timedelta, attempts: int
) -> int:
    """Free the jobs of workers without a heartbeat that were begun less than `attempts` times; returns how many."""
    parameters = {"stages": list(stages), "stalled_after": stalled_after, "attempts": attempts}
    rescued = await (await connection.execute(_QUERIES.rescue_stalled_jobs, parameters)).fetchall()
    for job_id, stage in rescued:
        logger.warning("a worker died in stage %s; its job %s is given to another", stage, job_id)
    return len(rescued)


async def give_up_deadly_jobs(
    connection: Connection,
    stages: Collection[str],
    *,
    stalled_after: timedelta,
    attempts: int,
    on_exhausted: ExhaustedFunction | None,
) -> int:
    """End the others in the transaction of what follows from it; returns how many."""
    parameters = {"stages": list(stages), "stalled_after": stalled_after, "attempts": attempts}
    deadly = await (await connection.execute(_QUERIES.give_up_deadly_jobs, parameters)).fetchall()
    for job_id, stage, ids in deadly:
        logger.error("stage %s is given up: %d workers died under its job %s", stage, attempts, job_id)
        if on_exhausted is not None:
            exhausted = Exhausted(stage=stage, ids=ids, error=f"{attempts} workers died")
            await on_exhausted(connection, exhausted)
    return len(deadly)
