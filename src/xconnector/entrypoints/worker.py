"""The worker: runs the stages of the main path until it is told to stop."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from xconnector.entrypoints.bootstrap import open_project
from xconnector.entrypoints.garbage import spare_what_stays
from xconnector.execution.worker import Worker, WorkerSettings
from xconnector.operations.table_history import differences_from_files

logger = logging.getLogger(__name__)

BETWEEN_LOOKS_AT_THE_PARENT = 0.5
"""Seconds."""


async def work(folder: Path, *, concurrency: int, on_ready: Callable[[str], None], with_parent: bool = False) -> None:
    """Work for a project until SIGTERM or SIGINT; `on_ready` is told the project's name when all is open.

    Where versions of tables decide, the log tells how they differ from the files. `with_parent` ends it, in good order,
    also when the process that started it is gone.
    """
    parent = os.getppid()
    async with open_project(folder, name="xconnector worker") as (place, database):
        spare_what_stays()
        for difference in await differences_from_files(place.pool, place.project, os.environ):
            logger.warning("%s", difference)
        on_ready(place.project.name)
        worker = Worker(place.jobs, database.url, settings=WorkerSettings(concurrency=concurrency))
        watching = asyncio.create_task(_stop_without(parent, worker)) if with_parent else None
        try:
            await worker.run_until_signalled()
        finally:
            if watching is not None:
                watching.cancel()


async def _stop_without(parent: int, worker: Worker) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - the system sends no event for this
        await asyncio.sleep(BETWEEN_LOOKS_AT_THE_PARENT)
    worker.stop()
