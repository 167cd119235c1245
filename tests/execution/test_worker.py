"""Running stages: in order of priority, again after failures, and given up in the end."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.execution.working import FAST, all_done, eventually, jobs_by_status, working
from xconnector.contract.errors import PermanentError
from xconnector.execution.jobs import Attempt, Chore, Exhausted, Jobs, Priority, Retry, Watch
from xconnector.execution.worker import Worker
from xconnector.postgres.connect import Connection, Pool, open_pool, transaction

AT_ONCE = Retry(attempts=3, first_wait=timedelta(0), longest_wait=timedelta(0))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, name="test") as opened:
        async with transaction(opened) as connection:
            await connection.execute("CREATE TABLE noted (stage text, id int, priority int, attempt int)")
        yield opened


async def note(connection: Connection, attempt: Attempt, number: int) -> None:
    row = [attempt.stage, number, attempt.priority, attempt.number]
    await connection.execute("INSERT INTO noted VALUES (%s, %s, %s, %s)", row)


async def noted(pool: Pool) -> list[tuple[object, ...]]:
    async with transaction(pool) as connection:
        return await (await connection.execute("SELECT * FROM noted")).fetchall()


async def test_a_stage_runs_with_its_ids_and_hands_on_to_the_next_with_its_priority(database: str, pool: Pool) -> None:
    jobs = Jobs()

    @jobs.stage("compose")
    async def compose(attempt: Attempt, batch_id: int) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, batch_id)
            await jobs.defer(connection, "review", priority=attempt.priority, batch_id=batch_id)

    @jobs.stage("review")
    async def review(attempt: Attempt, batch_id: int) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, batch_id)

    async with working(jobs, database):
        async with transaction(pool) as connection:
            await jobs.defer(connection, "compose", priority=5, batch_id=1)
        await all_done(database)
    assert await noted(pool) == [("compose", 1, 5, 1), ("review", 1, 5, 1)]


async def test_one_offs_go_before_bulk(database: str, pool: Pool) -> None:
    jobs = Jobs()

    @jobs.stage("compose")
    async def compose(attempt: Attempt, number: int) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, number)

    async with transaction(pool) as connection:
        await jobs.defer_many(connection, "compose", [{"number": number} for number in range(5)])
        await jobs.defer(connection, "compose", priority=Priority.ONE_OFF, number=99)
    async with working(jobs, database, replace(FAST, concurrency=1)):
        await all_done(database)
    assert [number for _, number, *_ in await noted(pool)] == [99, 0, 1, 2, 3, 4]


async def test_a_stage_that_raises_is_tried_again(database: str, pool: Pool) -> None:
    jobs = Jobs()

    @jobs.stage("compose", retry=AT_ONCE)
    async def compose(attempt: Attempt, number: int) -> None:
        if attempt.number < 3:
            raise ConnectionError
        async with transaction(pool) as connection:
            await note(connection, attempt, number)

    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose", number=1)
    async with working(jobs, database):
        await all_done(database)
    assert await noted(pool) == [("compose", 1, Priority.ONE_OFF, 3)]


async def test_a_stage_that_raises_to_the_end_is_given_up_and_what_follows_is_done(
    database: str, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = Jobs()
    given_up: list[Exhausted] = []

    @jobs.stage("compose", retry=AT_ONCE)
    async def compose(attempt: Attempt, number: int) -> None:
        del attempt
        raise LookupError(f"Jane Doe, 12 Elm Street, policy {number}")

    @jobs.on_exhausted
    async def fail(connection: Connection, exhausted: Exhausted) -> None:
        given_up.append(exhausted)
        await connection.execute("INSERT INTO noted VALUES (%s, 1, 0, 0)", [exhausted.stage])

    caplog.set_level(logging.DEBUG)
    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose", number=1)
    async with working(jobs, database):
        await all_done(database)
    assert await noted(pool) == [("compose", 1, 0, 0)]
    assert jobs_by_status(database) == {"failed": 1}
    [exhausted] = given_up
    assert (exhausted.stage, exhausted.ids) == ("compose", {"number": 1})
    assert exhausted.error.startswith("LookupError in compose (test_worker.py:")
    # Neither the log nor the record has the exception's words.
    assert "Elm Street" not in caplog.text
    assert "given up after attempt 3: LookupError in compose" in caplog.text
    # Nor does the library beneath tell everything once more.
    assert not [record for record in caplog.records if record.name.startswith("procrastinate")]


async def test_a_job_is_not_given_up_while_what_follows_fails(database: str, pool: Pool) -> None:
    jobs = Jobs()
    tries = 0

    @jobs.stage("compose", retry=replace(AT_ONCE, attempts=1))
    async def compose(attempt: Attempt) -> None:
        raise LookupError(attempt.stage)

    @jobs.on_exhausted
    async def fail(connection: Connection, exhausted: Exhausted) -> None:
        nonlocal tries
        tries += 1
        await connection.execute("INSERT INTO noted VALUES (%s, 1, 0, 0)", [exhausted.stage])
        if tries < 3:
            raise ConnectionError

    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose")
    async with working(jobs, database):
        await all_done(database)
    assert tries == 3
    assert await noted(pool) == [("compose", 1, 0, 0)]


async def test_a_collision_with_another_transaction_is_answered_at_once(database: str, pool: Pool) -> None:
    jobs = Jobs()
    runs: list[int] = []

    @jobs.stage("compose", retry=Retry(attempts=1))
    async def compose(attempt: Attempt) -> None:
        runs.append(attempt.number)
        if len(runs) < 3:
            raise psycopg.errors.DeadlockDetected

    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose")
    async with working(jobs, database):
        await all_done(database)
    assert runs == [1, 1, 1]
    assert jobs_by_status(database) == {"succeeded": 1}


async def test_a_worker_takes_only_jobs_of_stages_that_it_knows(database: str, pool: Pool) -> None:
    jobs = Jobs()

    async def run(attempt: Attempt) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, 0)

    jobs.stage("old")(run)
    jobs.stage("new")(run)
    async with transaction(pool) as connection:
        await jobs.defer(connection, "new")
        await jobs.defer(connection, "old")
    older = Jobs()
    older.stage("old")(run)
    async with working(older, database):
        await eventually(lambda: is_noted(pool, "old"))
    assert jobs_by_status(database) == {"todo": 1, "succeeded": 1}


async def is_noted(pool: Pool, stage: str) -> bool:
    return stage in [row[0] for row in await noted(pool)]


async def test_stopping_lets_running_stages_end(database: str, pool: Pool) -> None:
    jobs = Jobs()
    began = asyncio.Event()

    @jobs.stage("compose")
    async def compose(attempt: Attempt) -> None:
        began.set()
        await asyncio.sleep(0.3)
        async with transaction(pool) as connection:
            await note(connection, attempt, 0)

    async with working(jobs, database):
        async with transaction(pool) as connection:
            await jobs.defer(connection, "compose")
        await began.wait()
    assert await is_noted(pool, "compose")
    assert jobs_by_status(database) == {"succeeded": 1}


async def test_a_stage_cut_off_by_a_stop_is_free_for_the_next_worker_at_once(database: str, pool: Pool) -> None:
    jobs = Jobs()
    began = asyncio.Event()

    @jobs.stage("compose")
    async def compose(attempt: Attempt) -> None:
        if attempt.number == 1:
            began.set()
            await asyncio.sleep(600)
        async with transaction(pool) as connection:
            await note(connection, attempt, 0)

    async with working(jobs, database, replace(FAST, grace=timedelta(milliseconds=100))):
        async with transaction(pool) as connection:
            await jobs.defer(connection, "compose")
        await began.wait()
    assert jobs_by_status(database) == {"todo": 1}
    async with working(jobs, database):
        await all_done(database)
    assert [attempt for *_, attempt in await noted(pool)] == [2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_a_worker_in_good_order(database: str, number: signal.Signals) -> None:
    worker = Worker(Jobs(), database, settings=FAST)
    running = asyncio.create_task(worker.run_until_signalled())
    await asyncio.sleep(0.5)
    os.kill(os.getpid(), number)
    await asyncio.wait_for(running, 10)


async def test_a_worker_lives_through_the_loss_of_its_connections(database: str, pool: Pool) -> None:
    jobs = Jobs()

    @jobs.stage("compose")
    async def compose(attempt: Attempt, number: int) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, number)

    async def is_done(number: int) -> bool:
        return number in [row[1] for row in await noted(pool)]

    async with working(jobs, database):
        async with transaction(pool) as connection:
            await jobs.defer(connection, "compose", number=1)
        await eventually(lambda: is_done(1))
        async with transaction(pool) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xconnector worker'"
                " AND datname = current_database()"
            )
            await jobs.defer(connection, "compose", number=2)
        await eventually(lambda: is_done(2))


async def test_a_stage_that_ended_while_the_connections_were_lost_is_not_run_again(database: str, pool: Pool) -> None:
    jobs = Jobs()

    @jobs.stage("compose")
    async def compose(attempt: Attempt) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, 1)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xconnector worker'"
                " AND datname = current_database()"
            )

    async with working(jobs, database):
        async with transaction(pool) as connection:
            await jobs.defer(connection, "compose")
        await all_done(database)
    assert [attempt for *_, attempt in await noted(pool)] == [1]


async def test_a_chore_is_done_by_one_worker_at_a_time_and_again_after_it_failed(database: str, pool: Pool) -> None:
    jobs = Jobs()
    under_way = 0
    most = 0
    began = 0

    async def count(connection: Connection) -> None:
        nonlocal under_way, most, began
        began += 1
        if began > 5:
            return
        under_way += 1
        most = max(most, under_way)
        await connection.execute("INSERT INTO noted VALUES ('count', %s, 0, 0)", [began])
        await asyncio.sleep(0.05)
        under_way -= 1
        if began == 1:
            raise ConnectionError

    async def was_done_often() -> bool:
        return began > 5

    jobs.add_chore(Chore(name="count", every=timedelta(milliseconds=20), do=count))
    async with working(jobs, database), working(jobs, database):
        await eventually(was_done_often)
    assert most == 1
    # What the failed one wrote is undone, and only that.
    assert {row[1] for row in await noted(pool)} == {2, 3, 4, 5}


async def test_a_watch_is_kept_by_one_worker_at_a_time_and_again_after_it_failed(database: str) -> None:
    jobs = Jobs()
    under_way = 0
    most = 0
    began = 0

    async def look() -> None:
        nonlocal under_way, most, began
        began += 1
        under_way += 1
        most = max(most, under_way)
        try:
            await asyncio.sleep(0.05)
        finally:
            under_way -= 1
        if began == 1:
            raise ConnectionError

    async def was_kept_often() -> bool:
        return began > 5

    jobs.add_watch(Watch(name="poll", every=timedelta(milliseconds=20), look=look))
    async with working(jobs, database), working(jobs, database):
        await eventually(was_kept_often)
    assert most == 1


async def test_what_a_watch_cannot_do_is_told_the_operator(database: str, caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs()

    async def look() -> None:
        raise PermanentError("run-7-1.ack.jsonl cannot be read; ask the print house to acknowledge again")

    async def is_told() -> bool:
        return (
            "'poll print' failed: PermanentError: run-7-1.ack.jsonl cannot be read; "
            "ask the print house to acknowledge again" in caplog.text
        )

    jobs.add_watch(Watch(name="poll print", every=timedelta(milliseconds=20), look=look))
    async with working(jobs, database):
        await eventually(is_told)


async def test_a_watch_may_take_its_time_for_it_is_in_no_transaction(database: str, pool: Pool) -> None:
    jobs = Jobs()
    looking = asyncio.Event()

    async def look() -> None:
        looking.set()
        await asyncio.sleep(600)

    jobs.add_watch(Watch(name="poll", every=timedelta(seconds=1), look=look))
    async with working(jobs, database):
        await looking.wait()
        await asyncio.sleep(0.3)
        async with transaction(pool) as connection:
            query = (
                "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
                " AND state = 'idle in transaction' AND state_change < now() - interval '0.2 s'"
            )
            assert await (await connection.execute(query)).fetchall() == []


@pytest.mark.parametrize("retry", [AT_ONCE, replace(AT_ONCE, attempts=1)], ids=["to try again", "to give up"])
async def test_what_failed_after_its_job_was_taken_over_is_for_the_other_to_say(
    database: str, pool: Pool, retry: Retry
) -> None:
    jobs = Jobs()
    taken_over = asyncio.Event()
    failed = asyncio.Event()
    given_up: list[Exhausted] = []

    @jobs.stage("compose", retry=retry)
    async def compose(attempt: Attempt) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, 1)
        if attempt.number > 1:
            taken_over.set()
            await failed.wait()
            await asyncio.sleep(0.5)
            return
        async with transaction(pool) as connection:
            # What the rescue does when this worker gives no sign of life.
            query = "SELECT procrastinate_retry_job_v2(%s, NULL, NULL, NULL, NULL)"
            await connection.execute(query, [attempt.job_id])
        await taken_over.wait()
        failed.set()
        raise ConnectionError

    @jobs.on_exhausted
    async def fail(connection: Connection, exhausted: Exhausted) -> None:
        del connection
        given_up.append(exhausted)

    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose")
    async with working(jobs, database):
        await all_done(database)
    assert [attempt for *_, attempt in await noted(pool)] == [1, 2]
    assert given_up == []
    assert jobs_by_status(database) == {"succeeded": 1}


async def test_a_job_under_which_too_many_workers_died_is_given_up(database: str, pool: Pool) -> None:
    jobs = Jobs()

    @jobs.stage("compose")
    async def compose(attempt: Attempt, number: int) -> None:
        async with transaction(pool) as connection:
            await note(connection, attempt, number)

    @jobs.on_exhausted
    async def fail(connection: Connection, exhausted: Exhausted) -> None:
        row = [exhausted.error, exhausted.ids["number"]]
        await connection.execute("INSERT INTO noted VALUES (%s, %s, 0, 0)", row)

    async with transaction(pool) as connection:
        await jobs.defer_many(connection, "compose", [{"number": 1}, {"number": 2}])
        # Both are being done by a worker that is gone, the second for the third time.
        await connection.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = (id - 1) * 2")
    async with working(jobs, database, replace(FAST, attempts_with_deaths=3)):
        await all_done(database)
    assert set(await noted(pool)) == {("compose", 1, Priority.BULK, 2), ("3 workers died", 2, 0, 0)}
    assert jobs_by_status(database) == {"succeeded": 1, "failed": 1}


async def test_finished_jobs_are_deleted_after_their_time(database: str, pool: Pool) -> None:
    jobs = Jobs()

    @jobs.stage("compose")
    async def compose(attempt: Attempt) -> None:
        del attempt

    async with transaction(pool) as connection:
        await jobs.defer(connection, "compose")

    async def nothing_left() -> bool:
        return jobs_by_status(database) == {}

    settings = replace(FAST, keep_finished=timedelta(0), tidy=timedelta(milliseconds=50))
    async with working(jobs, database, settings):
        await eventually(nothing_left)
