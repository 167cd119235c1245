"""Takes a run's file in, in a process of its own as users do it, and says then what it used."""

import argparse
import asyncio
import os
from pathlib import Path

from xconnector.entrypoints.bootstrap import open_workplace
from xconnector.entrypoints.garbage import spare_what_stays
from xconnector.pipeline.receive import receive_run
from xconnector.project.load import load_project
from xconnector.testing.bench.program import say_ready, say_usage, wait_for_word
from xconnector.testing.bench.project import FEED


async def take_in(folder: Path, database_url: str, file: Path, *, batch_size: int) -> None:
    """Take the file in as one run."""
    project = load_project(folder, os.environ)
    async with open_workplace(project, database_url, name="xconnector bench intake") as place:
        spare_what_stays()
        since = say_ready()
        wait_for_word()
        await receive_run(place, project.feeds[FEED], file, batch_size=batch_size)
        say_usage(since)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("database_url")
    parser.add_argument("file", type=Path)
    parser.add_argument("--batch-size", type=int, default=500)
    told = parser.parse_args()
    asyncio.run(take_in(told.folder, told.database_url, told.file, batch_size=told.batch_size))


if __name__ == "__main__":
    main()
