from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.retention import RecordClass, retain_until


def _kept_for(years: int) -> RecordClass:
    return RecordClass(name="contract", years=years, authority="§ 257 HGB")


@pytest.mark.parametrize(
    "issued_on, years, until",
    [
        (date(2024, 2, 29), 10, date(2034, 3, 1)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2026, 11, 23), 6, date(2032, 11, 23)),
        (date(2026, 12, 31), 0, date(2026, 12, 31)),
    ],
)
def test_a_record_is_kept_until_the_same_day_years_later(issued_on: date, years: int, until: date) -> None:
    assert retain_until(_kept_for(years), issued_on) == until


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 100))
def test_nothing_is_kept_shorter_than_its_class_says(issued_on: date, years: int) -> None:
    until = retain_until(_kept_for(years), issued_on)

    assert until.year - issued_on.year == years
    assert (until.month, until.day) >= (issued_on.month, issued_on.day)
