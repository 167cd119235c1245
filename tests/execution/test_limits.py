"""The limits of a connection hold over all workers: each `worker` here has a session of its own, as a process has."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from xconnector.execution.limits import CircuitOpenError, LimitedConnection, Limits, NotNowError
from xconnector.postgres.locks import Session, SessionLocks


@asynccontextmanager
async def worker(database: str, limits: Limits, name: str = "smtp") -> AsyncGenerator[LimitedConnection]:
    async with Session(database, name="test") as session:
        yield LimitedConnection(name, limits, session=session, locks=SessionLocks(session))


def is_outage(error: Exception) -> bool:
    return isinstance(error, ConnectionError)


async def succeed() -> str:
    return "done"


async def be_down() -> None:
    raise ConnectionError


async def refuse() -> None:
    raise PermissionError


async def call_and_fail(connection: LimitedConnection) -> None:
    with pytest.raises(ConnectionError):
        await connection.call(be_down, is_outage=is_outage)


async def test_a_call_without_limits_is_just_made(database: str) -> None:
    async with worker(database, Limits()) as connection:
        assert await connection.call(succeed, is_outage=is_outage) == "done"


async def test_a_call_that_takes_too_long_is_cut_off(database: str) -> None:
    async with worker(database, Limits(timeout=timedelta(milliseconds=20))) as connection:
        with pytest.raises(TimeoutError):
            await connection.call(lambda: asyncio.sleep(10), is_outage=is_outage)


async def test_no_more_calls_are_under_way_than_are_allowed_over_all_workers(database: str) -> None:
    limits = Limits(parallel=3)
    under_way = 0
    most = 0

    async def count() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1

    async with worker(database, limits) as one, worker(database, limits) as two:
        await asyncio.gather(*(each.call(count, is_outage=is_outage) for each in [one, two] * 8))
    assert most == 3


async def test_a_call_that_finds_no_place_in_time_is_told_to_come_again(database: str) -> None:
    limits = Limits(parallel=1, patience=timedelta(milliseconds=50))
    async with worker(database, limits) as one, worker(database, limits) as two:
        first = asyncio.create_task(one.call(lambda: asyncio.sleep(0.5), is_outage=is_outage))
        await asyncio.sleep(0.1)
        with pytest.raises(NotNowError, match="smtp is busy with 1 calls"):
            await two.call(succeed, is_outage=is_outage)
        await first


async def test_calls_keep_to_their_rate_over_all_workers(database: str) -> None:
    limits = Limits(rate=50, burst=5)
    async with worker(database, limits) as one, worker(database, limits) as two:
        began = time.monotonic()
        await asyncio.gather(*(each.call(succeed, is_outage=is_outage) for each in [one, two] * 15))
        # 30 calls: 5 at once, 25 at 50 a second.
        assert time.monotonic() - began >= 0.49


async def test_a_call_that_carries_many_counts_as_many(database: str) -> None:
    limits = Limits(rate=100, burst=1, patience=timedelta(seconds=1))
    async with worker(database, limits) as connection:
        began = time.monotonic()
        await connection.call(succeed, is_outage=is_outage, counts_as=31)
        assert time.monotonic() - began >= 0.29


async def test_a_turn_that_is_too_far_off_is_not_waited_for_and_takes_nothing(database: str) -> None:
    limits = Limits(rate=1, burst=1, patience=timedelta(seconds=2))
    async with worker(database, limits) as connection:
        await connection.call(succeed, is_outage=is_outage)
        before = datetime.now(UTC)
        for _ in range(3):
            with pytest.raises(NotNowError, match="1 calls per second") as refusal:
                await connection.call(succeed, is_outage=is_outage, counts_as=10)
            assert timedelta(seconds=5) < refusal.value.retry_at - before < timedelta(seconds=10)


async def test_after_enough_outages_in_a_row_nobody_calls(database: str) -> None:
    limits = Limits(opens_after=3, stays_open=timedelta(minutes=1))
    async with worker(database, limits) as one, worker(database, limits) as two:
        await call_and_fail(one)
        await call_and_fail(two)
        await call_and_fail(one)
        for each in (one, two):
            with pytest.raises(CircuitOpenError, match="smtp is down") as refusal:
                await each.call(succeed, is_outage=is_outage)
            assert refusal.value.retry_at > datetime.now(UTC) + timedelta(seconds=50)
    async with worker(database, limits, name="other") as other:
        assert await other.call(succeed, is_outage=is_outage) == "done"


async def test_an_answer_that_is_not_an_outage_breaks_the_row(database: str) -> None:
    limits = Limits(opens_after=2)
    async with worker(database, limits) as connection:
        for _ in range(3):
            await call_and_fail(connection)
            with pytest.raises(PermissionError):
                await connection.call(refuse, is_outage=is_outage)


async def test_a_call_cut_off_is_an_outage(database: str) -> None:
    limits = Limits(opens_after=1, timeout=timedelta(milliseconds=10))
    async with worker(database, limits) as connection:
        with pytest.raises(TimeoutError):
            await connection.call(lambda: asyncio.sleep(10), is_outage=is_outage)
        with pytest.raises(CircuitOpenError):
            await connection.call(succeed, is_outage=is_outage)


async def test_after_the_pause_one_call_gets_through_to_see_and_the_others_wait_for_its_answer(database: str) -> None:
    limits = Limits(opens_after=1, stays_open=timedelta(milliseconds=300))
    async with worker(database, limits) as one, worker(database, limits) as two:
        await call_and_fail(one)
        await asyncio.sleep(0.35)
        probe = asyncio.create_task(one.call(lambda: asyncio.sleep(0.1), is_outage=is_outage))
        await asyncio.sleep(0.05)
        with pytest.raises(CircuitOpenError):
            await two.call(succeed, is_outage=is_outage)
        await probe
        assert await two.call(succeed, is_outage=is_outage) == "done"


async def test_a_probe_that_fails_opens_the_circuit_again(database: str) -> None:
    limits = Limits(opens_after=1, stays_open=timedelta(milliseconds=200))
    async with worker(database, limits) as connection:
        await call_and_fail(connection)
        await asyncio.sleep(0.25)
        await call_and_fail(connection)
        with pytest.raises(CircuitOpenError):
            await connection.call(succeed, is_outage=is_outage)


def lose_database(database: str) -> None:
    """Cut the connection on which the limits are counted."""
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test'")


async def test_the_result_of_a_call_outlives_a_database_that_is_gone_after_it(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def succeed_without_database() -> str:
        lose_database(database)
        return "done"

    async with worker(database, Limits(parallel=1)) as connection:
        assert await connection.call(succeed_without_database, is_outage=is_outage) == "done"
        assert "whether smtp is up could not be noted" in caplog.text
        assert await connection.call(succeed, is_outage=is_outage) == "done"


@pytest.mark.parametrize("error", [ConnectionError, PermissionError])
async def test_the_error_of_a_call_outlives_a_database_that_is_gone_after_it(
    database: str, error: type[Exception]
) -> None:
    async def fail_without_database() -> None:
        lose_database(database)
        raise error

    async with worker(database, Limits(parallel=1)) as connection:
        with pytest.raises(error):
            await connection.call(fail_without_database, is_outage=is_outage)
