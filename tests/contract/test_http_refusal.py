"""What a status and its wait mean, whoever says them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.contract.http_refusal import LONGEST_WAIT, retry_after

MONDAY = "Mon, 23 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    "told, wait",
    [
        ("60", timedelta(minutes=1)),
        (" 60 ", timedelta(minutes=1)),
        ("999999999", LONGEST_WAIT),
        ("Mon, 23 Nov 2026 08:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 07:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("-1", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_seconds_or_a_date_beside_the_answers_own(told: str, wait: timedelta | None) -> None:
    assert retry_after({"retry-after": told, "date": MONDAY}) == wait


def test_a_date_says_nothing_where_the_answer_has_none() -> None:
    assert retry_after({"retry-after": MONDAY}) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_told_no_wait_is_longer_than_a_day(told: str, date: str) -> None:
    wait = retry_after({"retry-after": told, "date": date})
    assert wait is None or timedelta() <= wait <= LONGEST_WAIT
