from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.feedback.moment import moment_of

EIGHT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        "2026-11-23T08:00:00Z",
        "2026-11-23T08:00:00.000Z",
        "2026-11-23T09:00:00+01:00",
        "2026-11-23 08:00:00",
        str(int(EIGHT.timestamp())),
        f"{EIGHT.timestamp()}",
        str(int(EIGHT.timestamp() * 1000)),
        EIGHT.timestamp(),
        " 2026-11-23T08:00:00Z ",
    ],
)
def test_a_time_is_read_in_every_spelling_of_providers(told: str | float) -> None:
    assert moment_of(told) == EIGHT


@pytest.mark.parametrize("told", [None, "", "soon", "0", "-1", "1e400", "nan", "inf", "9" * 400, "0001-01-01"])
def test_what_is_no_time_of_a_delivery_is_none(told: str | None) -> None:
    assert moment_of(told) is None


@given(st.text() | st.floats() | st.integers())
def test_any_text_or_number_is_a_time_or_none(told: str | float) -> None:
    found = moment_of(told)

    assert found is None or found.tzinfo is not None
