"""Locks that die with their process."""

import asyncio
import sys
import textwrap
import time

import psycopg
import pytest

from xconnector.postgres.locks import Session, SessionLocks


async def test_a_lock_is_held_once_over_all_sessions(database: str) -> None:
    async with Session(database, name="one") as one, Session(database, name="two") as two:
        here, there = SessionLocks(one), SessionLocks(two)
        async with here.hold("batch:1") as held:
            assert held == "batch:1"
            async with there.hold("batch:1") as again, there.hold("batch:2") as other:
                assert (again, other) == (None, "batch:2")
        async with there.hold("batch:1") as free:
            assert free == "batch:1"


async def test_a_lock_is_held_once_within_one_session(database: str) -> None:
    async with Session(database, name="one") as session:
        locks = SessionLocks(session)
        async with locks.hold("batch:1"), locks.hold("batch:1") as again:
            assert again is None
        async with locks.hold("batch:1") as free:
            assert free == "batch:1"


async def test_of_several_the_first_that_is_free_is_held(database: str) -> None:
    async with Session(database, name="one") as session:
        locks = SessionLocks(session)
        async with locks.hold("a", "b") as first, locks.hold("a", "b") as second, locks.hold("a", "b") as third:
            assert (first, second, third) == ("a", "b", None)


async def test_a_lock_is_let_go_when_the_work_raises(database: str) -> None:
    async with Session(database, name="one") as session:
        locks = SessionLocks(session)
        with pytest.raises(ZeroDivisionError):
            async with locks.hold("a"):
                raise ZeroDivisionError
        async with locks.hold("a") as held:
            assert held == "a"


async def test_a_lock_dies_with_its_process(database: str) -> None:
    code = f"""
        import asyncio
        from xconnector.postgres.locks import Session, SessionLocks
        async def main():
            async with Session({database!r}, name="killed") as session, SessionLocks(session).hold("batch:1"):
                print("held", flush=True)
                await asyncio.sleep(600)
        asyncio.run(main())
    """
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(code), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    async with Session(database, name="one") as session:
        locks = SessionLocks(session)
        async with locks.hold("batch:1") as held:
            assert held is None
        holder.kill()
        await holder.wait()
        deadline = time.monotonic() + 5
        while held is None and time.monotonic() < deadline:
            async with locks.hold("batch:1") as held:
                pass
        assert held == "batch:1"


async def test_a_session_whose_connection_was_lost_makes_a_new_one_without_the_old_locks(database: str) -> None:
    async with Session(database, name="lost") as session:
        locks = SessionLocks(session)
        async with locks.hold("batch:1"):
            with psycopg.connect(database, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lost'")
            with pytest.raises(psycopg.OperationalError):
                await session.fetch(b"SELECT 1", {})
            async with locks.hold("batch:2") as held:
                assert held == "batch:2"
        assert session.generation == 2


async def test_a_lock_that_was_lost_takes_nothing_of_what_was_done_under_it(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> str:
        async with SessionLocks(session).hold("batch:1"):
            with psycopg.connect(database, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lost'")
            return "done"

    async with Session(database, name="lost") as session:
        assert await work() == "done"
    assert "the lock batch:1 was not let go but lost" in caplog.text
