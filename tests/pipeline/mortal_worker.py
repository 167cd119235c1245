"""A worker as a program of its own, to be killed.

`python -m tests.pipeline.mortal_worker PROJECT DATABASE SMTP_PORT`
"""

import asyncio
import sys
from pathlib import Path

from tests.office import SETTINGS, open_place
from xconnector.execution.worker import Worker


async def work(folder: Path, database: str, port: int) -> None:
    async with open_place(folder, database, port) as place:
        await Worker(place.jobs, database, settings=SETTINGS).run()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
