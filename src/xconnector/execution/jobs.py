"""Durable jobs: named stages, and how to ask for one.

    jobs = Jobs()

    @jobs.stage("compose", retry=Retry(attempts=3))
    async def compose(attempt: Attempt, batch_id: int) -> None:
        async with transaction(pool) as connection:
            claimed = await claim(connection, batch_id)
            …
            await copy_rows(connection, QUERIES.append_to_ledger, entries)
            await jobs.defer(connection, "review", priority=attempt.priority, batch_id=batch_id)

Asking is part of the caller's transaction: the job exists exactly if what it follows from does. A stage runs at least
once and may run twice at the same time (a worker that was thought dead); it must claim its work in a state, and return
when nothing is left to claim.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Concatenate, TypeAlias, TypeVar

from procrastinate import PsycopgConnector
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from xconnector.execution.shift import ListenFunction
from xconnector.postgres.connect import Connection

Id: TypeAlias = int | str


class Priority(IntEnum):
    """What goes first when there is more work than workers: one person waits, a population does not."""

    LOW = -100
    BULK = 0
    ONE_OFF = 100
    HIGH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of a stage."""

    stage: str
    ids: Mapping[str, Id]
    priority: int
    number: int
    """1 for the first; counts failures and lost workers alike."""
    job_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a stage that raised is tried again, and after which time: 1 s, 4 s, 16 s, … by default."""

    attempts: int = 5
    first_wait: timedelta = timedelta(seconds=1)
    growth: float = 4.0
    longest_wait: timedelta = timedelta(minutes=5)

    def wait_after(self, attempt: int) -> timedelta | None:
        """How long to wait after the attempt of that number failed; `None` when it was the last."""
        if attempt >= self.attempts:
            return None
        return timedelta(
            seconds=min(
                self.first_wait.total_seconds() * self.growth ** (attempt - 1), self.longest_wait.total_seconds()
            )
        )


StageFunction: TypeAlias = Callable[Concatenate[Attempt, ...], Awaitable[None]]
F = TypeVar("F", bound=StageFunction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A function that workers run, by the name under which jobs ask for it."""

    name: str
    run: StageFunction
    retry: Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """A job that will not be tried again: what it was, and what ended it."""

    stage: str
    ids: Mapping[str, Id]
    error: str
    """As `failing.describe` tells it: without an exception's words where those may hold content."""


ExhaustedFunction: TypeAlias = Callable[[Connection, Exhausted], Awaitable[None]]
ChoreFunction: TypeAlias = Callable[[Connection], Awaitable[None]]
WatchFunction: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """What is to be done again and again, by one worker at a time, in a transaction: nothing outside may be called."""

    name: str
    every: timedelta
    do: ChoreFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Where to look for news outside again and again, by one worker at a time, however long a look takes.

    It is in no transaction. Two workers may look at the same time while the database is gone for one of them.
    """

    name: str
    every: timedelta
    look: WatchFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What to listen to as long as a worker lives, by every worker at the same time.

    It is in no transaction, returns when its shift is over, and is begun anew whenever it raises.
    """

    name: str
    listen: ListenFunction


class UnknownStageError(Exception):
    """No stage is registered under that name."""

    is_free_of_content = True


class Jobs:
    """The stages, with chores, watches and listeners beside them.

    Every process that defers or works registers the same ones.
    """

    def __init__(self) -> None:
        self._stages: dict[str, Stage] = {}
        self._chores: list[Chore] = []
        self._watches: list[Watch] = []
        self._listeners: list[Listener] = []
        self._on_exhausted: ExhaustedFunction | None = None
        # Never opened: every job is deferred on its caller's connection.
        self._manager = JobManager(PsycopgConnector())

    @property
    def stages(self) -> Mapping[str, Stage]:
        return self._stages

    @property
    def chores(self) -> Sequence[Chore]:
        return self._chores

    @property
    def watches(self) -> Sequence[Watch]:
        return self._watches

    @property
    def listeners(self) -> Sequence[Listener]:
        return self._listeners

    @property
    def exhausted(self) -> ExhaustedFunction | None:
        return self._on_exhausted

    def stage(self, name: str, *, retry: Retry | None = None) -> Callable[[F], F]:
        """Register a function; the ids of a job arrive as its keyword arguments."""

        def register(run: F) -> F:
            self.add_stage(Stage(name=name, run=run, retry=retry or Retry()))
            return run

        return register

    def add_stage(self, stage: Stage) -> None:
        if stage.name in self._stages:
            raise ValueError(f"Two stages are called {stage.name!r}; rename one.")
        self._stages[stage.name] = stage

    def add_chore(self, chore: Chore) -> None:
        self._chores.append(chore)

    def add_watch(self, watch: Watch) -> None:
        self._watches.append(watch)

    def add_listener(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def on_exhausted(self, follow_up: ExhaustedFunction) -> ExhaustedFunction:
        """Register what follows, in a transaction of its own, when a job is given up.

        It may run twice for one job. While it raises, the job is not given up.
        """
        self._on_exhausted = follow_up
        return follow_up

    async def defer(
        self,
        connection: Connection,
        stage: str,
        *,
        priority: int = Priority.ONE_OFF,
        lock: str | None = None,
        **ids: Id,
    ) -> None:
        """Ask for a stage, in the transaction of `connection`.

        Args:
            connection: whose transaction the job belongs to.
            stage: the name of a registered stage.
            priority: higher goes first.
            lock: of the jobs with one lock, one runs at a time, in order.
            ids: what the stage is called with.
        """
        job = Job(
            queue=self._known(stage),
            task_name=stage,
            priority=priority,
            lock=lock,
            queueing_lock=None,
            task_kwargs=dict(ids),
        )
        await self._manager.batch_defer_jobs_async([job], connection=connection)

    async def defer_many(
        self,
        connection: Connection,
        stage: str,
        each: Sequence[Mapping[str, Id]],
        *,
        priority: int = Priority.BULK,
    ) -> None:
        """Ask for a stage once for each mapping of ids, in one round trip."""
        queue = self._known(stage)
        jobs = [
            Job(
                queue=queue,
                task_name=stage,
                priority=priority,
                lock=None,
                queueing_lock=None,
                task_kwargs=dict(ids),
            )
            for ids in each
        ]
        if jobs:
            await self._manager.batch_defer_jobs_async(jobs, connection=connection)

    def _known(self, stage: str) -> str:
        """The queue of a stage, which has its name: a worker takes jobs only of stages that it has."""
        if stage not in self._stages:
            known = ", ".join(sorted(self._stages)) or "none"
            raise UnknownStageError(f"No stage is called {stage!r}; registered are: {known}.")
        return stage
