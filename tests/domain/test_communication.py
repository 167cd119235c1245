from itertools import product

import pytest

from xconnector.domain.communication import END_STATES, Standing, State, may_move, standing_of

AFTERWARDS = {
    State.COMPLETED: {State.ARCHIVED, State.FAILED, State.OUTCOME_UNKNOWN},
    State.FAILED: {State.TRIGGERED, State.DECIDED, State.COMPOSING, State.RELEASED, State.ARCHIVED, State.CANCELLED},
    State.OUTCOME_UNKNOWN: {
        State.COMPLETED,
        State.DISPATCHED,
        State.ARCHIVED,
        State.COMPOSING,
        State.DECIDED,
        State.CANCELLED,
        State.FAILED,
    },
    State.SUPPRESSED: set[State](),
    State.CANCELLED: set[State](),
}
"""What may still become of a communication that ended: a bounce, a reprocessing, a settlement."""


@pytest.mark.parametrize("origin, target", list(product(State, State)))
def test_every_pair_of_states_has_an_answer(origin: State, target: State) -> None:
    assert may_move(origin, target) in {True, False}


def test_every_state_can_be_reached_from_the_first() -> None:
    reached = {State.TRIGGERED}
    while more := {target for origin, target in product(reached, State) if may_move(origin, target)} - reached:
        reached |= more

    assert reached == set(State)


def test_an_end_can_be_reached_from_every_state() -> None:
    for state in set(State) - END_STATES:
        assert may_move(state, State.FAILED)
        assert may_move(state, State.CANCELLED)


@pytest.mark.parametrize("state", sorted(END_STATES))
def test_only_these_moves_leave_an_end(state: State) -> None:
    assert {target for target in State if may_move(state, target)} == AFTERWARDS[state]


def test_nothing_leaves_without_having_been_archived() -> None:
    before = {State.TRIGGERED, State.DECIDED, State.COMPOSING, State.COMPOSED, State.IN_REVIEW, State.RELEASED}

    assert not any(
        may_move(origin, target)
        for origin, target in product(before, (State.COLLECTED, State.DISPATCHING, State.DISPATCHED, State.COMPLETED))
    )


def test_nothing_is_released_past_its_review() -> None:
    assert {origin for origin in State if may_move(origin, State.RELEASED)} == {
        State.COMPOSED, State.IN_REVIEW, State.FAILED,
    }  # fmt: skip


@pytest.mark.parametrize("state", list(State))
def test_a_state_is_in_progress_exactly_when_it_is_no_end(state: State) -> None:
    assert (standing_of(state) is Standing.IN_PROGRESS) is (state not in END_STATES)


def test_every_bucket_of_the_reconciliation_is_some_states_standing() -> None:
    assert {standing_of(state) for state in State} == set(Standing)
