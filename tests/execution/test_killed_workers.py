"""Workers that are killed or paused at any moment: every stage of every letter happens exactly once in the ledger."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process

import psycopg
import pytest

from tests.execution import stalling
from tests.execution.letters import STAGES, add_letters, make_tables, register_stages
from tests.execution.working import all_done, eventually, jobs_by_status, working
from xconnector.postgres.connect import open_pool, transaction

pytestmark = pytest.mark.slow

BATCHES, SIZE = 150, 20


async def start_worker(database: str, program: str = "letters") -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.execution.{program}", database, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert await process.stdout.readline() == b"up\n", (await process.stderr.read()).decode()
    return process


async def fill(database: str) -> None:
    make_tables(database)
    async with open_pool(database, name="test") as pool:
        await add_letters(pool, register_stages(pool), batches=BATCHES, size=SIZE)


def moved(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT count(*) FROM letter WHERE state = %s", [len(STAGES)]).fetchone()
    assert row is not None
    return int(row[0])


async def all_moved(database: str) -> None:
    async def done() -> bool:
        return moved(database) == BATCHES * SIZE

    await eventually(done, within=60)


def assert_each_stage_once(database: str) -> None:
    with psycopg.connect(database) as connection:
        counts = connection.execute("SELECT count(*), count(DISTINCT (letter, state)) FROM letter_ledger").fetchone()
        begun_again = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE attempts > 1").fetchone()
    assert begun_again != (0,), "nothing was under way when it was hit"
    assert counts == (BATCHES * SIZE * len(STAGES),) * 2


async def test_killed_workers_lose_nothing_and_do_nothing_twice(database: str) -> None:
    await fill(database)
    workers = [await start_worker(database) for _ in range(2)]
    try:
        for _ in range(3):
            await asyncio.sleep(0.6)
            killed = workers.pop(0)
            killed.kill()
            await killed.communicate()
            workers.append(await start_worker(database))
        await all_moved(database)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        ends = [await worker.communicate() for worker in workers]
    assert_each_stage_once(database)
    assert [worker.returncode for worker in workers] == [0, 0], ends


async def test_a_worker_that_was_taken_for_dead_and_comes_back_does_nothing_twice(database: str) -> None:
    await fill(database)
    workers = [await start_worker(database) for _ in range(2)]
    try:
        await asyncio.sleep(0.5)
        workers[0].send_signal(signal.SIGSTOP)
        await asyncio.sleep(2.5)
        workers[0].send_signal(signal.SIGCONT)
        await all_moved(database)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        ends = [await worker.communicate() for worker in workers]
    assert_each_stage_once(database)
    assert [worker.returncode for worker in workers] == [0, 0], ends


async def test_a_worker_that_comes_back_does_not_end_the_job_that_another_is_at(database: str) -> None:
    async def is_noted(what: str, attempt: int) -> bool:
        return (what, attempt) in stalling.noted(database)

    stalling.make_tables(database)
    jobs = stalling.register_stages(database)
    async with open_pool(database, name="test") as pool, transaction(pool) as connection:
        await jobs.defer(connection, "deliver")
    paused = await start_worker(database, "stalling")
    await eventually(lambda: is_noted("begun", 1))
    paused.send_signal(signal.SIGSTOP)
    killed = await start_worker(database, "stalling")
    try:
        await eventually(lambda: is_noted("begun", 2))
        paused.send_signal(signal.SIGCONT)
        await eventually(lambda: is_noted("ended", 1))
        paused.send_signal(signal.SIGTERM)
        _, complaints = await paused.communicate()
    finally:
        killed.kill()
        await killed.communicate()
    assert (paused.returncode, complaints) == (0, b"")
    assert jobs_by_status(database) == {"doing": 1}
    async with working(jobs, database):
        await all_done(database)
    assert await is_noted("ended", 3)
    assert jobs_by_status(database) == {"succeeded": 1}
