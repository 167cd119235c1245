"""The main path without a worker: job after job in this task, by a clock that the test moves.

Nothing happens between two steps, so that a test can say what is so right before and right after each of them.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from xconnector.execution.jobs import Attempt
from xconnector.execution.waits import sweep_due_waits
from xconnector.pipeline.begin import give_turns
from xconnector.pipeline.collect import gather
from xconnector.pipeline.communicate import STAGES
from xconnector.pipeline.submitting import gather_orders
from xconnector.pipeline.track import poll
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import transaction

AT_MOST = 200
"""Jobs after which a test is told that work does not end."""


class DiedError(Exception):
    """The worker died over this job: nothing that it had not committed has happened, and another one takes it up."""


@dataclass(slots=True, kw_only=True)
class Clock:
    """How far the present is ahead of the clock on the wall."""

    ahead: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockedWorkplace(Workplace):
    """A workplace whose time the test moves."""

    clock: Clock

    @classmethod
    def of(cls, place: Workplace, clock: Clock) -> "ClockedWorkplace":
        return cls(**{each.name: getattr(place, each.name) for each in fields(Workplace)}, clock=clock)

    def now(self) -> datetime:
        return Workplace.now(self) + self.clock.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be done next."""

    number: int
    stage: str
    ids: Mapping[str, Any]
    priority: int
    attempts: int


async def _nothing() -> None:
    """Nobody looks."""


@dataclass(slots=True, kw_only=True)
class Stepping:
    """Takes jobs, one after the other."""

    place: ClockedWorkplace
    watched: Callable[[], Awaitable[None]] = field(default=_nothing)
    """Called after each job."""
    times: int = 1
    """How often each job runs: twice where its worker was thought dead and was not."""

    async def work(self, *, at_most: int | None = None, without: Collection[str] = ()) -> None:
        """Take jobs until none is left, or so many; what looks and gathers in rounds does so before each."""
        for _ in range(AT_MOST if at_most is None else at_most):
            await self._go_round()
            job = await self._take(without)
            if job is None:
                return
            await self.run(job)
            await self.watched()
        assert at_most is not None, "work does not come to its end"

    async def _go_round(self) -> None:
        await gather_orders(self.place)
        for name in self.place.connections.channel_names:
            await poll(self.place, name)
        async with transaction(self.place.pool) as connection:
            await gather(self.place, connection)
        async with transaction(self.place.pool) as connection:
            # The database's own clock does not move.
            await connection.execute(
                "UPDATE communication SET retry_at = now() WHERE retry_at <= %(now)s", {"now": self.place.now()}
            )
            await connection.execute(
                "UPDATE wait SET due_at = now() WHERE due_at <= %(now)s", {"now": self.place.now()}
            )
        async with transaction(self.place.pool) as connection:
            await sweep_due_waits(connection, STAGES)
        if self.place.project.has_lines or self.place.project.has_keys_of_customers:
            async with transaction(self.place.pool) as connection:
                await give_turns(self.place, connection)

    async def _take(self, without: Collection[str]) -> Job | None:
        async with transaction(self.place.pool) as connection:
            cursor = await connection.execute(
                "SELECT id, task_name, args, priority, attempts FROM procrastinate_jobs "
                "WHERE status = 'todo' AND task_name <> ALL(%(without)s) ORDER BY priority DESC, id LIMIT 1",
                {"without": list(without)},
            )
            row = await cursor.fetchone()
        return None if row is None else Job(number=row[0], stage=row[1], ids=row[2], priority=row[3], attempts=row[4])

    async def run(self, job: Job) -> None:
        """Run it; what a worker did not end because it died is left to be taken again."""
        try:
            for _ in range(self.times):
                await self.attempt(job, self.place)
        except DiedError:
            return
        async with transaction(self.place.pool) as connection:
            await connection.execute("DELETE FROM procrastinate_jobs WHERE id = %(number)s", {"number": job.number})

    async def attempt(self, job: Job, place: Workplace) -> None:
        """Do what a job says, at a workplace."""
        attempt = Attempt(
            stage=job.stage, ids=job.ids, priority=job.priority, number=job.attempts + 1, job_id=job.number
        )
        await STAGES[job.stage](place, attempt, **job.ids)
