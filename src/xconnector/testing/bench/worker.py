"""A worker as users run it, but for a blank composer and a sink in place of the mail server.

It ends when its standard input is closed, and says then what it used.
"""

import argparse
import asyncio
import os
from pathlib import Path

from xconnector.entrypoints.bootstrap import open_workplace
from xconnector.entrypoints.garbage import spare_what_stays
from xconnector.execution.worker import Worker, WorkerSettings
from xconnector.project.load import load_project
from xconnector.testing.bench.blanks import BlankComposer, Sink
from xconnector.testing.bench.program import say_ready, say_usage, wait_for_word


async def work(folder: Path, database_url: str, *, printable: bool, concurrency: int) -> None:
    """Work for the project until standard input is closed."""
    blanks = {"composer": BlankComposer(printable=printable), "email": Sink()}
    project = load_project(folder, os.environ)
    async with open_workplace(project, database_url, name="xconnector bench", already_open=blanks) as place:
        worker = Worker(place.jobs, database_url, settings=WorkerSettings(concurrency=concurrency))
        spare_what_stays()
        since = say_ready()
        working = asyncio.create_task(worker.run())
        await asyncio.to_thread(wait_for_word)
        worker.stop()
        await working
        say_usage(since)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("database_url")
    parser.add_argument("--printable", action="store_true")
    parser.add_argument("--concurrency", type=int, default=6)
    told = parser.parse_args()
    asyncio.run(work(told.folder, told.database_url, printable=told.printable, concurrency=told.concurrency))


if __name__ == "__main__":
    main()
