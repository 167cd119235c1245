import asyncio
from datetime import timedelta

import pytest

from xconnector.execution.jobs import Attempt, Chore, Jobs
from xconnector.execution.worker import Worker, WorkerSettings
from xconnector.postgres.connect import Connection

QUICK = timedelta(milliseconds=20)
SETTINGS = WorkerSettings(
    poll=QUICK, heartbeat=QUICK, stalled_after=timedelta(seconds=1), rescue=QUICK, sweep=QUICK, reconnect=QUICK
)


@pytest.mark.slow
async def test_a_worker_ends_whenever_it_is_stopped_while_it_begins(database: str) -> None:
    jobs = Jobs()

    @jobs.stage("nothing")
    async def nothing(attempt: Attempt) -> None:
        del attempt

    async def look(connection: Connection) -> None:
        await connection.execute(b"SELECT 1")

    jobs.add_chore(Chore(name="look", every=QUICK, do=look))

    async def begin_and_stop(pause: float) -> None:
        worker = Worker(jobs, database, settings=SETTINGS)
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(pause)
        worker.stop()
        await asyncio.wait_for(running, 20)

    for round_ in range(5):
        await asyncio.gather(*(begin_and_stop(0.01 * (5 * step + round_)) for step in range(8)))
