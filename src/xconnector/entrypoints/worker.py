"""The worker: runs the stages of the main path until it is told to stop."""

import logging
from collections.abc import Callable
from pathlib import Path

from xconnector.entrypoints.bootstrap import open_project
from xconnector.execution.worker import Worker, WorkerSettings


async def work(folder: Path, *, concurrency: int, on_ready: Callable[[str], None]) -> None:
    """Work for a project until SIGTERM or SIGINT; `on_ready` is told the project's name when all is open."""
    # It repeats what `execution` logs already, with the place of every failing line.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    async with open_project(folder, name="xconnector worker") as (place, database):
        on_ready(place.project.name)
        worker = Worker(place.jobs, database.url, settings=WorkerSettings(concurrency=concurrency))
        await worker.run_until_signalled()
