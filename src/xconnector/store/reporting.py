"""Reports: how far the communications of a run came, and what connections did with what was handed over to them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.evidence import Evidence
from xconnector.domain.funnel import Course, FunnelStep
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "reporting.sql")
_DECIDED = [State.DECIDED, State.COMPOSING]
_COMPOSED = [State.COMPOSED, State.IN_REVIEW]
_APPROVED = [
    *(State.RELEASED, State.ARCHIVED, State.COLLECTED, State.DISPATCHING, State.DISPATCHED, State.COMPLETED),
]
_BEFORE_HAND_OVER = (FunnelStep.ORDERED, FunnelStep.DECIDED, FunnelStep.COMPOSED, FunnelStep.APPROVED)
_GRADES = tuple(Evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CourseRow:
    state: str
    came_to: int
    event: str
    reason: str | None
    holds: int | None
    returned: int | None
    return_reason: str | None
    number: int


async def courses(connection: Connection, run_id: UUID) -> list[tuple[Course, int]]:
    """Return how far a run's communications came, alike ones once, with how many they are."""
    rows = await fetch_all(
        connection,
        _CourseRow,
        _QUERIES.courses,
        run_id=run_id,
        decided=_DECIDED,
        composed=_COMPOSED,
        approved=_APPROVED,
    )
    return [
        (
            Course(
                state=State(row.state),
                came_to=_BEFORE_HAND_OVER[row.came_to],
                event=row.event,
                reason=row.reason,
                holds=None if row.holds is None else _GRADES[row.holds],
                returned=None if row.returned is None else _GRADES[row.returned],
                return_reason=row.return_reason,
            ),
            row.number,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one connection did with what was handed over to it on one day."""

    connection: str
    day: date
    handed_over: int
    refused: int
    accepted: int
    delivered: int
    opened: int
    """By a person."""
    returned: int
    """Came back for good."""
    delayed: int
    """Told at least once that it could not be delivered yet."""
    unknown: int
    """Handed over and nothing heard, or the outcome is unknown."""
    complained: int
    opted_out: int
    accepted_median: float | None
    """Seconds from the hand-over until it was accepted."""
    accepted_p95: float | None
    delivered_median: float | None
    delivered_p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCount:
    """How many hand-overs of a connection and day came back, or were delayed, for a reason."""

    connection: str
    day: date
    is_for_good: bool
    reason: str
    number: int


async def scores(connection: Connection, *, since: datetime, until: datetime, zone: str) -> list[Score]:
    """Return the scores of all connections by day of the hand-over, as days are counted in the time zone."""
    return await fetch_all(connection, Score, _QUERIES.scores, since=since, until=until, zone=zone)


async def returns(connection: Connection, *, since: datetime, until: datetime, zone: str) -> list[ReturnCount]:
    """Return why hand-overs came back or were delayed, by connection and day."""
    return await fetch_all(connection, ReturnCount, _QUERIES.returns, since=since, until=until, zone=zone)
