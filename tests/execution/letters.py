"""Moves batches of letters through six stages, and may be killed: `python -m tests.execution.letters DATABASE`.

Each stage claims its letters in the expected state, writes the new state, copies the ledger, and defers the next stage,
all in one transaction.
"""

import asyncio
import random
import sys
from dataclasses import replace

import psycopg

from tests.execution.working import FAST
from xconnector.execution.jobs import Attempt, Jobs, Retry
from xconnector.execution.worker import Worker, WorkerSettings
from xconnector.postgres.connect import Pool, copy_rows, open_pool, transaction

STAGES = ["receive", "decide", "compose", "archive", "deliver", "track"]
SETTINGS = replace(FAST, concurrency=8)


def make_tables(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE letter (id int PRIMARY KEY, batch int, state int DEFAULT 0)")
        connection.execute("CREATE INDEX ON letter (batch, state)")
        connection.execute("CREATE TABLE letter_ledger (letter int, state int, entry jsonb)")


async def add_letters(pool: Pool, jobs: Jobs, *, batches: int, size: int) -> None:
    async with transaction(pool) as connection:
        query = "INSERT INTO letter (id, batch) SELECT number, number / %s FROM generate_series(0, %s) AS number"
        await connection.execute(query, [size, batches * size - 1])
        await jobs.defer_many(connection, STAGES[0], [{"batch": batch} for batch in range(batches)])


def register_stages(pool: Pool, *, dawdle: float = 0.0) -> Jobs:
    jobs = Jobs()

    async def move(attempt: Attempt, batch: int) -> None:
        state = STAGES.index(attempt.stage)
        async with transaction(pool) as connection:
            claim = "UPDATE letter SET state = state + 1 WHERE batch = %s AND state = %s RETURNING id"
            claimed = await (await connection.execute(claim, [batch, state])).fetchall()
            if not claimed:
                return
            entries = [(letter, state, '{"why": "' + "v" * 120 + '"}') for (letter,) in claimed]
            await copy_rows(connection, "COPY letter_ledger (letter, state, entry) FROM STDIN", entries)
            if dawdle:
                await asyncio.sleep(random.uniform(0, dawdle))
            if state + 1 < len(STAGES):
                await jobs.defer(connection, STAGES[state + 1], priority=attempt.priority, batch=batch)

    for name in STAGES:
        jobs.stage(name, retry=Retry(attempts=20))(move)
    return jobs


async def work(database: str, settings: WorkerSettings, *, dawdle: float) -> None:
    async with open_pool(database, name="letters") as pool:
        jobs = register_stages(pool, dawdle=dawdle)
        print("up", flush=True)  # noqa: T201 - whoever started this program waits for the word
        await Worker(jobs, database, settings=settings).run_until_signalled()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], SETTINGS, dawdle=0.1))
