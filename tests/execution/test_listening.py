"""Listeners: every worker, as long as it lives, and for all to see."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.execution.working import FAST, eventually, working
from xconnector.execution.backlog import too_much_waits
from xconnector.execution.jobs import Attempt, Jobs, Listener, Priority
from xconnector.execution.shift import Shift, ShiftState, ToldShift, told_shifts
from xconnector.execution.worker import Worker
from xconnector.postgres.connect import Pool, open_pool, reading, transaction

MOMENT = timedelta(milliseconds=20)


class BrokerGoneError(Exception):
    is_free_of_content = True


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, name="test") as opened:
        yield opened


async def told(pool: Pool) -> list[ToldShift]:
    async with reading(pool) as connection:
        return await told_shifts(connection)


async def states(pool: Pool) -> list[tuple[str, ShiftState, str]]:
    return [(one.name, one.state, one.told) for one in await told(pool)]


async def test_a_listener_is_begun_anew_after_it_failed_and_tells_how_it_goes(database: str, pool: Pool) -> None:
    jobs = Jobs()
    gone = asyncio.Event()

    async def listen(shift: Shift) -> None:
        while not shift.is_over:
            if gone.is_set():
                raise BrokerGoneError("the broker is gone")
            await shift.tell(ShiftState.LISTENING, taken=1)
            await shift.pause(MOMENT)

    jobs.add_listener(Listener(name="listen policies", listen=listen))
    async with working(jobs, database):

        async def is_well() -> bool:
            return await states(pool) == [("listen policies", ShiftState.LISTENING, "")]

        async def is_failing() -> bool:
            why = "BrokerGoneError: the broker is gone"
            return await states(pool) == [("listen policies", ShiftState.FAILING, why)]

        await eventually(is_well)
        gone.set()
        await eventually(is_failing)
        gone.clear()
        await eventually(is_well)
        assert (await told(pool))[0].taken >= 2
    assert await told(pool) == []


async def test_a_worker_that_stops_lets_its_listeners_end_what_they_are_at(database: str) -> None:
    jobs = Jobs()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def listen(shift: Shift) -> None:
        begun.set()
        await shift.pause(timedelta(minutes=1))
        await asyncio.sleep(0.2)
        ended.set()

    jobs.add_listener(Listener(name="slow", listen=listen))
    async with working(jobs, database):
        await asyncio.wait_for(begun.wait(), 20)
    assert ended.is_set()


async def test_a_listener_that_does_not_end_is_cut_off_after_the_grace(database: str) -> None:
    jobs = Jobs()
    begun = asyncio.Event()

    async def listen(shift: Shift) -> None:
        assert not shift.is_over
        begun.set()
        await asyncio.Event().wait()

    jobs.add_listener(Listener(name="deaf", listen=listen))
    worker = Worker(jobs, database, settings=FAST)
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(begun.wait(), 20)
    worker.stop()
    await asyncio.wait_for(running, 20)


async def test_of_a_worker_that_says_nothing_for_long_nothing_is_told(pool: Pool) -> None:
    shift = Shift("listen policies", pool=pool, ending=asyncio.Event())
    await shift.tell(ShiftState.RESTING, "too much waits")
    assert await states(pool) == [("listen policies", ShiftState.RESTING, "too much waits")]
    async with transaction(pool) as connection:
        await connection.execute("UPDATE listener SET seen_at = now() - interval '2 minutes'")
    assert await told(pool) == []


@pytest.mark.parametrize("number, too_much", [(3, False), (4, True)])
async def test_what_waits_is_counted_up_to_what_is_borne(pool: Pool, number: int, too_much: bool) -> None:
    jobs = Jobs()

    @jobs.stage("prepare")
    async def prepare(attempt: Attempt) -> None:
        assert attempt

    async with transaction(pool) as connection:
        await jobs.defer_many(connection, "prepare", [{} for _ in range(number)], priority=Priority.ONE_OFF)
        await jobs.defer_many(connection, "prepare", [{} for _ in range(9)], priority=Priority.BULK)
    async with reading(pool) as connection:
        assert await too_much_waits(connection, most=3, priority=Priority.ONE_OFF) is too_much
