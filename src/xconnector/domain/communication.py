"""The states of a communication, the legal moves between them, and what each means for a run's sum."""

from enum import StrEnum


class State(StrEnum):
    """Where a communication stands on its way from trigger to archived proof."""

    TRIGGERED = "triggered"
    """Asked for by a record; waits for its data and its route."""
    WAITING = "waiting"
    """Asked for and not begun: its time, its turn or an event is still to come."""
    DECIDED = "decided"
    """Assembled and routed; waits to be composed."""
    COMPOSING = "composing"
    """In a submission: the composer makes it in its own time, and the result is still to come."""
    COMPOSED = "composed"
    """Its bytes exist under their SHA-256; waits for release."""
    IN_REVIEW = "in_review"
    """Waits for a person's verdict on exactly these bytes."""
    RELEASED = "released"
    """May leave; waits to be archived."""
    ARCHIVED = "archived"
    """Kept; waits for its next hop."""
    COLLECTED = "collected"
    """Waits with others for the bundle that a print house takes."""
    DISPATCHING = "dispatching"
    """Being handed over: the intent is recorded, the result is not."""
    DISPATCHED = "dispatched"
    """Handed over to a channel whose acknowledgement is still to come."""
    COMPLETED = "completed"
    """A channel has it, and nothing to the contrary was reported."""
    SUPPRESSED = "suppressed"
    """Deliberately not sent; the reason is kept."""
    FAILED = "failed"
    """Stopped by an error; in the failure queue."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """The answer to a hand-over was lost; to be settled by asking the channel or by a person."""
    CANCELLED = "cancelled"
    """Withdrawn by a person, a rejection or a counter-event."""


class Standing(StrEnum):
    """The five buckets of the reconciliation: their sum is what came in."""

    COMPLETED = "completed"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    IN_PROGRESS = "in_progress"


_END_STANDINGS = {
    State.COMPLETED: Standing.COMPLETED,
    State.SUPPRESSED: Standing.SUPPRESSED,
    State.FAILED: Standing.FAILED,
    State.OUTCOME_UNKNOWN: Standing.FAILED,
    State.CANCELLED: Standing.CANCELLED,
}
END_STATES = frozenset(_END_STANDINGS)
NOT_OUT = (
    State.WAITING,
    State.TRIGGERED,
    State.DECIDED,
    State.COMPOSED,
    State.IN_REVIEW,
    State.RELEASED,
    State.ARCHIVED,
    State.COLLECTED,
    State.FAILED,
)
"""States in which nobody outside has it: it can be cancelled at once."""

_FORWARD: dict[State, frozenset[State]] = {
    State.TRIGGERED: frozenset({State.WAITING, State.DECIDED, State.SUPPRESSED}),
    State.WAITING: frozenset({State.TRIGGERED, State.SUPPRESSED}),
    State.DECIDED: frozenset({State.COMPOSING, State.COMPOSED}),
    State.COMPOSING: frozenset({State.COMPOSED, State.DECIDED, State.OUTCOME_UNKNOWN}),
    State.COMPOSED: frozenset({State.IN_REVIEW, State.RELEASED}),
    State.IN_REVIEW: frozenset({State.RELEASED}),
    State.RELEASED: frozenset({State.ARCHIVED}),
    # It is decided again before it leaves: consent may have been withdrawn since.
    State.ARCHIVED: frozenset({State.COLLECTED, State.DISPATCHING, State.SUPPRESSED}),
    State.COLLECTED: frozenset({State.DISPATCHING, State.ARCHIVED, State.SUPPRESSED}),
    State.DISPATCHING: frozenset(
        {State.DISPATCHED, State.COMPLETED, State.OUTCOME_UNKNOWN, State.ARCHIVED, State.COLLECTED}
    ),
    State.DISPATCHED: frozenset({State.COMPLETED, State.ARCHIVED, State.OUTCOME_UNKNOWN}),
    # A bounce after hand-over takes the next hop, or fails where there is none. What was promised to be reported for
    # good and never was has an end that nobody knows.
    State.COMPLETED: frozenset({State.ARCHIVED, State.FAILED, State.OUTCOME_UNKNOWN}),
    # A person reprocesses from the stage that failed, or settles what became of a hand-over.
    State.FAILED: frozenset(
        {State.TRIGGERED, State.DECIDED, State.COMPOSING, State.RELEASED, State.ARCHIVED, State.CANCELLED}
    ),
    State.OUTCOME_UNKNOWN: frozenset(
        {
            State.COMPLETED,
            State.DISPATCHED,
            State.ARCHIVED,
            State.COMPOSING,
            State.DECIDED,
            State.CANCELLED,
            State.FAILED,
        }
    ),
    State.SUPPRESSED: frozenset(),
    State.CANCELLED: frozenset(),
}


def standing_of(state: State) -> Standing:
    """Return the reconciliation bucket of a state."""
    return _END_STANDINGS.get(state, Standing.IN_PROGRESS)


def may_move(origin: State, target: State) -> bool:
    """Say whether a communication may go from one state to the other.

    Whatever is in progress may fail or be cancelled; the rest is the table above.
    """
    if target in _FORWARD[origin]:
        return True
    return origin not in END_STATES and target in {State.FAILED, State.CANCELLED}
