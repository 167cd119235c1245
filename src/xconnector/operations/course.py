"""The course of a communication before it left: for what it waited, what became one with it, what came to stop it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.postgres.connect import Connection
from xconnector.store import asks, counters, dispatches
from xconnector.store.counters import Countered

_WAITING = {
    "parent": "another event",
    "start": "its start",
    "quiet": "further changes",
    "turn": "its turn",
}
_LEFT = frozenset({"dispatching", "handed_over", "outcome_unknown", "undeliverable"})
"""States of a hand-over that happened, or may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseAccount:
    """What is told of a communication whose trigger says more than an event."""

    waits: str | None
    """For what it waits, until when and why, in one sentence; None where it does not wait."""
    took_in: Sequence[str]
    """The source keys of records that became one communication with its own."""
    counters: Sequence[Countered]
    """The events that came to cancel it."""
    stopped: str | None
    """Whether it was stopped, by what and before what, in one sentence; None where nothing came to cancel it."""


async def course_account(connection: Connection, communication_id: UUID, state: State) -> CourseAccount | None:
    """Return the course of a communication; None where its kind begins at once and nothing stops it."""
    course = await asks.course_of(connection, communication_id)
    if course is None:
        return None
    came = await counters.of_communication(connection, communication_id)
    handovers = await dispatches.of_communication(connection, communication_id) if came else []
    left_at = max((row.intended_at for row in handovers if row.state in _LEFT), default=None)
    return CourseAccount(
        waits=_waits(course) if state is State.WAITING else None,
        took_in=course.took_in,
        counters=came,
        stopped=_stopped(came, state, left_at),
    )


def _waits(course: asks.Course) -> str:
    until = "" if course.due_at is None else f" until {_told(course.due_at)}"
    return f"It waits for {_WAITING.get(course.waits_for or '', 'what is to come')}{until}: {course.because}"


def _stopped(came: Sequence[Countered], state: State, left_at: datetime | None) -> str | None:
    if not came:
        return None
    stopped = [one for one in came if one.stopped_at is not None]
    first = min(stopped or came, key=lambda one: (one.stopped_at or one.heard_at, one.record_id))
    by = f"record {first.source_key} of {first.source} ({first.event_type}, {_told(first.as_of)})"
    if first.stopped_at is not None:
        handed_over = (
            "it was never handed over" if left_at is None else f"its hand-over of {_told(left_at)} was not the last way"
        )
        return f"It was stopped by {by} at {_told(first.stopped_at)}: it stood in {_words(first.stood)}, {handed_over}"
    if left_at is None:
        return f"It is stopped by {by} when it comes back: it stood in {_words(first.stood)}, and is {_words(state)}"
    return f"It was not stopped by {by}, which came at {_told(first.heard_at)}: handed over at {_told(left_at)}"


def _words(state: str) -> str:
    return state.replace("_", " ")


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
