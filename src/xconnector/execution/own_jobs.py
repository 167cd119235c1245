"""Who has a job: the execution that began it last, and only that one may end it.

A worker that stood still was taken for dead, and its job was given to another. When it comes back, what it has to say
of the job is no longer asked for: ended by its word, the job would be lost if the other died in the middle of it.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg
from procrastinate import BaseConnector
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from xconnector.execution.jobs import Attempt
from xconnector.postgres.connect import Connection, Pool
from xconnector.postgres.queries import Queries

logger = logging.getLogger(__name__)

_QUERIES = Queries.load("xconnector.execution", "own_jobs.sql")

# As long as a worker is alive nobody else ends its jobs, so it tries more than once, with these seconds between.
_PAUSES = (0.1, 0.4, 1.6, 3.2)


async def has_its_job(connection: Connection, attempt: Attempt) -> bool:
    """Whether no other execution of the job was begun; it stays so to the end of the transaction."""
    # Each new execution counts one more, so that the number tells them apart, whichever worker has it.
    own = {"job_id": attempt.job_id, "attempts": attempt.number - 1}
    return await (await connection.execute(_QUERIES.is_own_job, own)).fetchone() is not None


class OwnJobs(JobManager):
    """Ends jobs, and makes them wait again, for the execution that has them; for any other it does nothing."""

    def __init__(self, connector: BaseConnector, pool: Pool) -> None:
        super().__init__(connector)
        self._pool = pool

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - as it is called
        await self._end(job, _QUERIES.finish_own_job, {"status": status.value, "delete": delete_job})

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        again = {"retry_at": retry_at or datetime.now(UTC), "priority": priority, "queue": queue, "lock": lock}
        await self._end(job, _QUERIES.retry_own_job, again)

    async def _end(self, job: Job, query: bytes, how: Mapping[str, object]) -> None:
        own = {"job_id": job.id, "attempts": job.attempts, **how}
        for pause in (*_PAUSES, None):
            try:
                async with self._pool.connection() as connection:
                    had = await (await connection.execute(query, own)).fetchone()
            except psycopg.OperationalError:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
                await self._pool.check()
            else:
                if had is None:
                    logger.info("job %s of stage %s was taken over meanwhile", job.id, job.task_name)
                return
