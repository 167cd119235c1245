"""Legal days: by when communications must be on their way, and which are not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "deadlines.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One communication that must be on its way by a day."""

    communication_id: UUID
    name: str
    state: str
    leave_by: date
    """The last day on which it may leave, where the project is at home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCount:
    """How many communications are not on their way, by their legal day."""

    past: int
    today: int
    soon: int


async def count_due(connection: Connection, states: Iterable[State], *, today: date, until: date) -> DueCount:
    """Count what stands in these states and whose legal day is past, today, or up to another day."""
    (found,) = await fetch_all(
        connection, DueCount, _QUERIES.count_due, states=sorted(states), today=str(today), until=str(until)
    )
    return found


async def next_due(connection: Connection, states: Iterable[State], *, until: date, limit: int) -> list[Due]:
    """Return what stands in these states and whose legal day comes first, up to a day."""
    return await fetch_all(connection, Due, _QUERIES.next_due, states=sorted(states), until=str(until), limit=limit)
