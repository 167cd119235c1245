"""The backlog: how much work of each stage waits, runs, or is put off."""

from dataclasses import dataclass

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.execution", "backlog.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The jobs of one stage."""

    stage: str
    waiting: int
    """Due, and not begun."""
    running: int
    put_off: int
    """With a due time that has not come."""


async def too_much_waits(connection: Connection, *, most: int, priority: int) -> bool:
    """Say whether more than `most` jobs of this priority or a higher one are due and not begun.

    Cheap enough to be asked every second: it stops counting where it knows.
    """
    cursor = await connection.execute(_QUERIES.too_much_waits, {"most": most, "priority": priority})
    return await cursor.fetchone() == (True,)


async def backlog(connection: Connection) -> list[Backlog]:
    """Return the stages that have work, by name."""
    rows = await (await connection.execute(_QUERIES.backlog)).fetchall()
    return [Backlog(stage=str(row[0]), waiting=int(row[1]), running=int(row[2]), put_off=int(row[3])) for row in rows]
