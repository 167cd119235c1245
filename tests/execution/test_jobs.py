"""Asking for a stage."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.execution.jobs import Attempt, Jobs, Priority, Retry, UnknownStageError
from xconnector.postgres.connect import Pool, open_pool, transaction


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, name="test") as opened:
        yield opened


@pytest.fixture
def jobs() -> Jobs:
    registered = Jobs()

    @registered.stage("compose")
    async def compose(attempt: Attempt, batch_id: int) -> None:
        del attempt, batch_id

    return registered


async def waiting(pool: Pool) -> list[tuple[object, ...]]:
    query = "SELECT task_name, args, priority, lock, scheduled_at FROM procrastinate_jobs ORDER BY id"
    async with transaction(pool) as connection:
        return await (await connection.execute(query)).fetchall()


async def test_a_job_exists_exactly_if_its_transaction_does(pool: Pool, jobs: Jobs) -> None:
    with suppress(ZeroDivisionError):
        async with transaction(pool) as connection:
            await jobs.defer(connection, "compose", batch_id=1)
            raise ZeroDivisionError
    assert await waiting(pool) == []
    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose", batch_id=1)
    assert await waiting(pool) == [("compose", {"batch_id": 1}, Priority.ONE_OFF, None, None)]


async def test_a_job_has_the_priority_and_lock_that_were_asked_for(pool: Pool, jobs: Jobs) -> None:
    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose", priority=7, lock="customer:1", batch_id=1)
    assert await waiting(pool) == [("compose", {"batch_id": 1}, 7, "customer:1", None)]


async def test_many_are_asked_for_at_once(pool: Pool, jobs: Jobs) -> None:
    async with transaction(pool) as connection:
        await jobs.defer_many(connection, "compose", [{"batch_id": number} for number in range(100)])
        await jobs.defer_many(connection, "compose", [])
    found = await waiting(pool)
    assert [args for _, args, *_ in found] == [{"batch_id": number} for number in range(100)]
    assert {priority for _, _, priority, *_ in found} == {Priority.BULK}


async def test_a_stage_that_is_not_registered_is_named_with_those_that_are(database: str, jobs: Jobs) -> None:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        with pytest.raises(UnknownStageError, match="No stage is called 'compsoe'; registered are: compose"):
            await jobs.defer(connection, "compsoe", batch_id=1)


def test_two_stages_of_one_name_are_refused(jobs: Jobs) -> None:
    async def another(attempt: Attempt) -> None:
        del attempt

    with pytest.raises(ValueError, match="Two stages are called 'compose'"):
        jobs.stage("compose")(another)


@given(
    attempts=st.integers(1, 50),
    first=st.floats(0.01, 100),
    growth=st.floats(1, 10),
    longest=st.floats(100, 10_000),
)
def test_waits_between_attempts_grow_to_the_longest_and_end_with_the_last(
    attempts: int, first: float, growth: float, longest: float
) -> None:
    retry = Retry(
        attempts=attempts,
        first_wait=timedelta(seconds=first),
        growth=growth,
        longest_wait=timedelta(seconds=longest),
    )
    waits = [retry.wait_after(number) for number in range(1, attempts)]
    found = [wait for wait in waits if wait is not None]
    assert len(found) == attempts - 1
    assert found == sorted(found)
    assert all(wait <= retry.longest_wait for wait in found)
    assert retry.wait_after(attempts) is None
