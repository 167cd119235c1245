"""Waits: rows with a due time."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.execution.working import eventually, working
from xconnector.execution.jobs import Attempt, Jobs, Priority
from xconnector.execution.waits import Wait, sweep_due_waits, wait_until
from xconnector.postgres.connect import Pool, open_pool, transaction

LATER = timedelta(days=3)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, name="test") as opened:
        yield opened


def wait(number: int, *, due_in: timedelta = timedelta(0), key: str | None = None, stage: str = "remind") -> Wait:
    return Wait(due_at=datetime.now(UTC) + due_in, stage=stage, ids={"number": number}, key=key, priority=number)


async def begin(pool: Pool, *waits: Wait) -> None:
    async with transaction(pool) as connection:
        await wait_until(connection, *waits)


async def sweep(pool: Pool) -> int:
    async with transaction(pool) as connection:
        return await sweep_due_waits(connection, ["remind"])


async def deferred(pool: Pool) -> Sequence[tuple[object, ...]]:
    async with transaction(pool) as connection:
        query = "SELECT queue_name, task_name, args, priority FROM procrastinate_jobs ORDER BY id"
        return await (await connection.execute(query)).fetchall()


async def test_a_wait_becomes_a_job_when_its_time_has_come_and_not_before(pool: Pool) -> None:
    await begin(pool, wait(1), wait(2, due_in=LATER))
    assert await sweep(pool) == 1
    assert await sweep(pool) == 0
    assert await deferred(pool) == [("remind", "remind", {"number": 1}, 1)]


async def test_the_longest_due_goes_first(pool: Pool) -> None:
    await begin(pool, wait(1), wait(2, due_in=-LATER))
    assert await sweep(pool) == 2
    assert [args for _, _, args, _ in await deferred(pool)] == [{"number": 2}, {"number": 1}]


async def test_a_wait_and_what_began_it_are_one_transaction(pool: Pool) -> None:
    with suppress(ZeroDivisionError):
        async with transaction(pool) as connection:
            await wait_until(connection, wait(1))
            raise ZeroDivisionError
    assert await sweep(pool) == 0


async def test_a_second_wait_with_a_key_replaces_the_first(pool: Pool) -> None:
    await begin(pool, wait(1, key="report:1"))
    await begin(pool, wait(2, key="report:1", due_in=LATER))
    assert await sweep(pool) == 0
    await begin(pool, wait(3, key="report:1"))
    assert await sweep(pool) == 1
    assert [args for _, _, args, _ in await deferred(pool)] == [{"number": 3}]


async def test_waits_of_stages_that_a_worker_does_not_know_are_left_to_others(pool: Pool) -> None:
    await begin(pool, wait(1, stage="new"))
    assert await sweep(pool) == 0


async def test_two_sweeps_at_the_same_time_take_each_wait_once(pool: Pool) -> None:
    await begin(pool, *(wait(number) for number in range(1, 1201)))
    first = await asyncio.gather(*(sweep(pool) for _ in range(4)))
    rest = [await sweep(pool) for _ in range(3)]
    assert sum([*first, *rest]) == 1200
    assert len({str(args) for _, _, args, _ in await deferred(pool)}) == 1200


async def test_a_worker_runs_the_stage_of_a_wait_whose_time_came(database: str, pool: Pool) -> None:
    jobs = Jobs()
    seen: list[tuple[int, int]] = []

    @jobs.stage("remind")
    async def remind(attempt: Attempt, number: int) -> None:
        seen.append((number, attempt.priority))

    async def was_run() -> bool:
        return bool(seen)

    async with working(jobs, database):
        await begin(pool, Wait(due_at=datetime.now(UTC), stage="remind", ids={"number": 1}, priority=Priority.ONE_OFF))
        await eventually(was_run)
    assert seen == [(1, Priority.ONE_OFF)]


@pytest.mark.slow
async def test_a_hundred_thousand_waiting_rows_cost_a_sweep_next_to_nothing(pool: Pool) -> None:
    for start in range(0, 100_000, 10_000):
        await begin(pool, *(wait(n, due_in=LATER, key=f"review:{n}") for n in range(start, start + 10_000)))
    await begin(pool, wait(1))
    began = time.perf_counter()
    assert await sweep(pool) == 1
    assert time.perf_counter() - began < 0.5
