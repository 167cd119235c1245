"""A worker: takes jobs and runs their stages, rescues what dead ones left, does chores, keeps watches, and listens."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeAlias

import psycopg
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.worker import Worker as JobTaker

from xconnector.execution import retention, waits
from xconnector.execution.failing import RetryAsTold, describe, run_stage
from xconnector.execution.jobs import Attempt, Chore, Id, Jobs, Listener, Stage, Watch
from xconnector.execution.listening import keep_listening
from xconnector.execution.own_jobs import OwnJobs
from xconnector.execution.rescue import give_up_deadly_jobs, rescue_stalled_jobs
from xconnector.execution.shift import Shift
from xconnector.execution.trouble import Trouble
from xconnector.postgres.connect import Pool, open_pool, transaction
from xconnector.postgres.locks import Session, SessionLocks
from xconnector.postgres.queries import Queries

logger = logging.getLogger(__name__)

_QUERIES = Queries.load("xconnector.execution", "worker.sql")

_Round: TypeAlias = tuple[str, timedelta, Callable[[], Awaitable[None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How a worker works. A stage must not keep the event loop busy for as long as `stalled_after`."""

    concurrency: int = 8
    """How many stages run at once; each may hold a connection."""
    poll: timedelta = timedelta(seconds=1)
    """How often to look for jobs of which no notification came (their time came, or it was lost)."""
    heartbeat: timedelta = timedelta(seconds=2)
    stalled_after: timedelta = timedelta(seconds=8)
    """Without a heartbeat for so long a worker is taken for dead, and its jobs are given to others."""
    rescue: timedelta = timedelta(seconds=2)
    """How often to look for dead workers' jobs."""
    attempts_with_deaths: int = 20
    """How often a job may be begun at most, workers that died under it included."""
    sweep: timedelta = timedelta(seconds=1)
    """How often to look for waits whose time has come."""
    grace: timedelta = timedelta(seconds=30)
    """How long running stages, and listeners, may take to end when the worker is stopped."""
    keep_finished: timedelta = timedelta(days=7)
    tidy: timedelta = timedelta(minutes=5)
    """How often finished jobs past `keep_finished` are deleted."""
    reconnect: timedelta = timedelta(seconds=1)
    """How long to wait before work is taken up again after the database was gone, or a listener failed once."""


class Worker:
    """One worker of this process. `run` once; it lives through restarts of the database."""

    def __init__(
        self,
        jobs: Jobs,
        conninfo: str,
        *,
        settings: WorkerSettings | None = None,
        stages: Collection[str] | None = None,
    ) -> None:
        """Nothing is connected before `run`.

        Args:
            jobs: the registered stages, chores, watches and listeners.
            conninfo: of the database; the worker keeps a few connections of its own, so that heartbeats never queue.
            settings: see there.
            stages: run only these; all by default.
        """
        self._jobs = jobs
        self._conninfo = conninfo
        self._settings = settings or WorkerSettings()
        self._stages = sorted(jobs.stages if stages is None else stages)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Take no more jobs, let the running ones end, and return from `run`."""
        self._stopping.set()

    async def run_until_signalled(self) -> None:
        """`run`, stopped in good order by SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            await self.run()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def run(self) -> None:
        """Work until `stop`."""
        # Every chore and listener may hold a connection; four are left for heartbeats, and for taking and ending jobs.
        largest = 4 + 3 + len(self._jobs.chores) + len(self._jobs.listeners)
        # It tells once more, with a traceback, what `failing` tells.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
        async with (
            open_pool(self._conninfo, name="xconnector worker", largest=largest) as pool,
            Session(self._conninfo, name="xconnector watches") as session,
        ):
            app = self._app(pool)
            rounds = [*self._rounds(pool), *self._watches(SessionLocks(session))]
            repeating = [asyncio.create_task(self._repeat(*each)) for each in rounds]
            listening = [asyncio.create_task(self._listen(each, pool)) for each in self._jobs.listeners]
            try:
                async with app.open_async(pool):
                    while not self._stopping.is_set():
                        await self._work(app)
                        await self._pause(self._settings.reconnect)
                        await pool.check()
            finally:
                await self._end_listening(listening)
                for each in repeating:
                    each.cancel()
                await asyncio.gather(*repeating, return_exceptions=True)

    # ------------------------------------------------------------------ taking and running jobs

    def _app(self, pool: Pool) -> App:
        app = App(connector=PsycopgConnector())
        app.job_manager = OwnJobs(app.connector, pool)
        for name in self._stages:
            self._register(app, self._jobs.stages[name], pool)
        return app

    def _register(self, app: App, stage: Stage, pool: Pool) -> None:
        async def run(context: JobContext, **ids: Id) -> None:
            attempt = _attempt(context.job, ids)
            await run_stage(stage, attempt, pool=pool, on_exhausted=self._jobs.exhausted)

        app.task(name=stage.name, queue=stage.name, retry=RetryAsTold(), pass_context=True)(run)

    async def _work(self, app: App) -> None:
        """Take jobs until stopped, or until the database is gone."""
        taker = JobTaker(
            app=app,
            queues=self._stages,
            concurrency=self._settings.concurrency,
            fetch_job_polling_interval=self._settings.poll.total_seconds(),
            update_heartbeat_interval=self._settings.heartbeat.total_seconds(),
            stalled_worker_timeout=self._settings.stalled_after.total_seconds(),
            shutdown_graceful_timeout=self._settings.grace.total_seconds(),
            install_signal_handlers=False,
            delete_jobs="never",
        )
        working = asyncio.create_task(taker.run())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            # It waits for the running jobs. Told, not cancelled: a cancellation while it begins can be lost.
            taker.stop()
            await asyncio.wait({working})
        if (error := working.exception()) is not None:
            if not isinstance(error, ConnectorException | psycopg.OperationalError):
                raise error
            logger.warning("the database is gone (%s); trying again", describe(error))

    async def _pause(self, period: timedelta) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), period.total_seconds())

    # ------------------------------------------------------------------ listeners

    async def _listen(self, listener: Listener, pool: Pool) -> None:
        shift = Shift(listener.name, pool=pool, ending=self._stopping)
        await keep_listening(shift, listener.name, listener.listen, first_wait=self._settings.reconnect)

    async def _end_listening(self, listening: Sequence[asyncio.Task[None]]) -> None:
        """Let them end what they are at, which may have begun while the last stages ended."""
        self._stopping.set()
        if listening:
            await asyncio.wait(listening, timeout=self._settings.grace.total_seconds())
        for each in listening:
            each.cancel()
        await asyncio.gather(*listening, return_exceptions=True)

    # ------------------------------------------------------------------ chores and watches

    def _rounds(self, pool: Pool) -> Sequence[_Round]:
        """What this worker does besides running stages. Ours take rows that no other has; the rest is done alone."""
        registered = [(chore.name, chore.every, partial(_do_alone, chore, pool)) for chore in self._jobs.chores]
        return [
            ("rescue stalled jobs", self._settings.rescue, partial(self._rescue, pool)),
            ("sweep due waits", self._settings.sweep, partial(self._sweep_waits, pool)),
            ("delete finished jobs", self._settings.tidy, partial(self._delete_finished, pool)),
            *registered,
        ]

    def _watches(self, locks: SessionLocks) -> Sequence[_Round]:
        return [(watch.name, watch.every, partial(_look_alone, watch, locks)) for watch in self._jobs.watches]

    async def _repeat(self, name: str, every: timedelta, do: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.current_task()
        trouble = Trouble(name)
        # An error can take the place of a cancellation that it met.
        while task is None or not task.cancelling():
            try:
                await do()
                trouble.is_over()
            except Exception as error:  # noqa: BLE001 - what failed is done again next time
                trouble.is_there(describe(error))
            await asyncio.sleep(every.total_seconds())

    async def _rescue(self, pool: Pool) -> None:
        silence, attempts = self._settings.stalled_after, self._settings.attempts_with_deaths
        async with transaction(pool) as connection:
            await rescue_stalled_jobs(connection, self._stages, stalled_after=silence, attempts=attempts)
        async with transaction(pool) as connection:
            await give_up_deadly_jobs(
                connection,
                self._stages,
                stalled_after=silence,
                attempts=attempts,
                on_exhausted=self._jobs.exhausted,
            )

    async def _sweep_waits(self, pool: Pool) -> None:
        swept = waits.SWEPT_AT_ONCE
        while swept == waits.SWEPT_AT_ONCE:
            async with transaction(pool) as connection:
                swept = await waits.sweep_due_waits(connection, self._stages)

    async def _delete_finished(self, pool: Pool) -> None:
        before = datetime.now(UTC) - self._settings.keep_finished
        deleted = retention.LOOKED_AT_AT_ONCE
        while deleted:
            async with transaction(pool) as connection:
                deleted = await retention.delete_finished_jobs(connection, before=before)


async def _do_alone(chore: Chore, pool: Pool) -> None:
    """Do it unless another worker is at it."""
    async with transaction(pool) as connection:
        cursor = await connection.execute(_QUERIES.try_chore, {"chore": chore.name})
        if await cursor.fetchone() == (True,):
            await chore.do(connection)


async def _look_alone(watch: Watch, locks: SessionLocks) -> None:
    """Look unless another worker is at it."""
    async with locks.hold(f"watch:{watch.name}") as held:
        if held is not None:
            await watch.look()


def _attempt(job: Job, ids: Mapping[str, Id]) -> Attempt:
    assert job.id is not None, "only a job not yet deferred has none"
    return Attempt(stage=job.task_name, ids=ids, priority=job.priority, number=job.attempts + 1, job_id=job.id)
