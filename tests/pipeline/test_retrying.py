"""When what an outside system could not take is tried again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from xconnector.contract.errors import PermanentError, TransientError
from xconnector.pipeline.retrying import due_again, wait_after
from xconnector.project.model import ConnectionLimits

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WAITS = (timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=2))
LIMITS = ConnectionLimits(attempts=4, waits=WAITS)
DOWN = TransientError("down")


@given(st.uuids(), st.integers(0, 2))
def test_the_waits_of_the_limits_are_kept_within_a_tenth(of: UUID, attempts: int) -> None:
    due_at = due_again(attempts, DOWN, LIMITS, now=NOW, of=of)

    assert due_at is not None
    assert WAITS[attempts] * 0.9 <= due_at - NOW <= WAITS[attempts] * 1.1
    assert due_at == due_again(attempts, DOWN, LIMITS, now=NOW, of=of)


def test_what_failed_together_does_not_come_together() -> None:
    ids = [UUID(int=0x0197_0000_0000_7000_8000_0000_0000_0000 + number) for number in range(100)]

    assert len({due_again(1, DOWN, LIMITS, now=NOW, of=one) for one in ids}) == len(ids)


def test_nothing_is_tried_after_the_last_wait() -> None:
    assert due_again(3, DOWN, LIMITS, now=NOW) is None


def test_beyond_the_waits_the_last_holds() -> None:
    limits = ConnectionLimits(attempts=9, waits=WAITS)

    assert due_again(7, DOWN, limits, now=NOW) == NOW + WAITS[-1]


def test_what_the_outside_asks_for_comes_first() -> None:
    busy = TransientError("busy", retry_after=timedelta(minutes=3))

    assert due_again(0, busy, LIMITS, now=NOW) == NOW + timedelta(minutes=3)


def test_without_waits_they_double() -> None:
    assert due_again(2, DOWN, ConnectionLimits(), now=NOW, of=UUID(int=7)) == NOW + wait_after(2)


def test_what_will_not_pass_is_not_tried_again() -> None:
    assert due_again(0, PermanentError("no"), LIMITS, now=NOW) is None
