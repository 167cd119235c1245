from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.communication import Standing
from xconnector.domain.reconciliation import Reconciliation

standings = st.fixed_dictionaries({standing: st.integers(0, 10**6) for standing in Standing})


@given(standings, st.integers(-5, 5))
def test_it_closes_exactly_when_nothing_is_missing_and_nothing_too_much(
    counted: dict[Standing, int], difference: int
) -> None:
    account = Reconciliation(came_in=sum(counted.values()) + difference, standings=counted)

    assert account.difference == difference
    assert account.closes is (difference == 0)


@given(standings, st.integers(0, 100), st.integers(0, 100))
def test_it_does_not_close_when_the_source_declared_another_number(
    counted: dict[Standing, int], declared: int, read: int
) -> None:
    account = Reconciliation(came_in=sum(counted.values()), standings=counted, declared=declared, records_read=read)

    assert account.undeclared == read - declared
    assert account.closes is (read == declared)


@given(standings)
def test_it_is_through_when_nothing_is_in_progress(counted: dict[Standing, int]) -> None:
    account = Reconciliation(came_in=0, standings=counted)

    assert account.is_through is (counted[Standing.IN_PROGRESS] == 0)


@given(standings, st.integers(0, 100), st.integers(0, 100), st.integers(0, 2))
def test_it_does_not_close_before_every_record_of_the_file_is_in(
    counted: dict[Standing, int], expected: int, read: int, unsealed: int
) -> None:
    account = Reconciliation(
        came_in=sum(counted.values()), standings=counted, expected=expected, records_read=read, unsealed=unsealed
    )

    assert account.unread == expected - read
    assert account.closes is (read == expected and unsealed == 0)
