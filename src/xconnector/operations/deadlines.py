"""Deadlines: what the law wants to be on its way by a day, and is not yet."""

from dataclasses import dataclass
from datetime import date, timedelta

from xconnector.domain.communication import State
from xconnector.postgres.connect import Pool, snapshot
from xconnector.store.deadlines import Due, count_due, next_due

SOON = timedelta(days=3)
_NOT_ON_ITS_WAY = frozenset(State) - {State.DISPATCHED, State.COMPLETED, State.SUPPRESSED, State.CANCELLED}
"""Up to the hand-over; what failed and hand-overs of unknown outcome are among them, for people to act in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """What is not on its way although its legal day is near, as of one moment."""

    past: int
    """Its last day is over."""
    today: int
    """It must leave today."""
    soon: int
    """It must leave within three days."""
    next: list[Due]
    """The first of them, by legal day."""

    @property
    def number(self) -> int:
        return self.past + self.today + self.soon


async def deadlines(pool: Pool, *, on: date, limit: int) -> Deadlines:
    """Return what must be on its way up to `SOON` after a day and is not; the first `limit` of them one by one."""
    until = on + SOON
    async with snapshot(pool) as connection:
        counted = await count_due(connection, _NOT_ON_ITS_WAY, today=on, until=until)
        return Deadlines(
            past=counted.past,
            today=counted.today,
            soon=counted.soon,
            next=await next_due(connection, _NOT_ON_ITS_WAY, until=until, limit=limit),
        )
