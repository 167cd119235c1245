"""A worker beside a test, and waiting for what it does."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg

from xconnector.execution.jobs import Jobs
from xconnector.execution.worker import Worker, WorkerSettings

FAST = WorkerSettings(
    poll=timedelta(milliseconds=100),
    heartbeat=timedelta(milliseconds=200),
    stalled_after=timedelta(seconds=1),
    rescue=timedelta(milliseconds=100),
    sweep=timedelta(milliseconds=100),
    reconnect=timedelta(milliseconds=100),
    grace=timedelta(seconds=1),
)


@asynccontextmanager
async def working(jobs: Jobs, database: str, settings: WorkerSettings = FAST) -> AsyncGenerator[Worker]:
    worker = Worker(jobs, database, settings=settings)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(running, 20)


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float = 20) -> None:
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.02)


def jobs_by_status(database: str) -> dict[str, int]:
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT status, count(*) FROM procrastinate_jobs GROUP BY status").fetchall()
    return {str(status): int(count) for status, count in rows}


async def all_done(database: str) -> None:
    """Until no job waits or runs."""

    async def done() -> bool:
        return not {"todo", "doing"} & jobs_by_status(database).keys()

    await eventually(done)
