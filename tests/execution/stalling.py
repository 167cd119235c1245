"""A worker that is to be stopped and killed in the midst of a job: `python -m tests.execution.stalling DATABASE`.

The first to begin the job stalls and then finds nothing left to do; the second is at it for as long as it lives; the
third ends it.
"""

import asyncio
import sys

import psycopg

from tests.execution.working import FAST
from xconnector.execution.jobs import Attempt, Jobs
from xconnector.execution.worker import Worker


def make_tables(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE noted (what text, attempt int)")


def noted(database: str) -> set[tuple[str, int]]:
    with psycopg.connect(database) as connection:
        return {(str(what), int(attempt)) for what, attempt in connection.execute("SELECT * FROM noted").fetchall()}


def register_stages(database: str) -> Jobs:
    jobs = Jobs()

    async def note(what: str, attempt: Attempt) -> None:
        async with await psycopg.AsyncConnection.connect(database) as connection:
            await connection.execute("INSERT INTO noted VALUES (%s, %s)", [what, attempt.number])

    @jobs.stage("deliver")
    async def deliver(attempt: Attempt) -> None:
        await note("begun", attempt)
        await asyncio.sleep({1: 1, 2: 600}.get(attempt.number, 0))
        await note("ended", attempt)

    return jobs


async def work(database: str) -> None:
    print("up", flush=True)  # noqa: T201 - whoever started this program waits for the word
    await Worker(register_stages(database), database, settings=FAST).run_until_signalled()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
