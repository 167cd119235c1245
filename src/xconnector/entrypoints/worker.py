"""The worker: runs the stages of the main path until it is told to stop."""

from pathlib import Path

from xconnector.entrypoints.bootstrap import open_project
from xconnector.execution.worker import Worker, WorkerSettings


async def work(folder: Path, *, concurrency: int) -> None:
    """Work for a project until SIGTERM or SIGINT."""
    async with open_project(folder, name="xconnector worker") as (place, database):
        worker = Worker(place.jobs, database.url, settings=WorkerSettings(concurrency=concurrency))
        await worker.run_until_signalled()
