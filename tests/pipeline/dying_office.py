"""The main path without a worker, where whoever works dies at each commit of each job, before it and after it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from tests.pipeline.mortal_line import MortalLine
from tests.pipeline.stepping_office import Job, Stepping
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import open_pool

_SESSION = "mortal"
_MOST_COMMITS = 20


@dataclass(slots=True, kw_only=True)
class Dying(Stepping):
    """Takes each job until nobody dies over it any more."""

    database: str
    deaths: int = 0

    async def run(self, job: Job) -> None:
        await self.die_over(lambda place: self.attempt(job, place))
        await Stepping.run(self, job)

    async def die_over(self, work: Callable[[Workplace], Awaitable[object]]) -> None:
        """Die before and after each commit of some work, as long as there is one more."""
        for commit in range(1, _MOST_COMMITS):
            deaths = [await self._die(work, commit, before=before) for before in (True, False)]
            self.deaths += sum(deaths)
            if not any(deaths):
                return
        raise AssertionError("work makes no end of commits")

    async def _die(self, work: Callable[[Workplace], Awaitable[object]], commit: int, *, before: bool) -> bool:
        async with (
            MortalLine(self.database, session=_SESSION, dies_at=commit, before=before) as line,
            open_pool(line.conninfo, name=_SESSION, largest=1) as pool,
        ):
            working = asyncio.ensure_future(work(replace(self.place, pool=pool)))
            dying = asyncio.create_task(line.died.wait())
            await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
            dying.cancel()
            if not line.died.is_set():
                await working
                return False
            # Killed: whatever it would do next, it does not.
            working.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await working
            return True
