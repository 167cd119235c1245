from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.calendar import Calendar
from xconnector.domain.trigger.start import Start, StartError, begins_at

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(name="office", zone=BERLIN, holidays=frozenset({date(2026, 12, 25)}), cutoff=time(15))
EVERY_DAY = Calendar(name="", zone=BERLIN, weekdays=frozenset(range(7)))
MOMENTS = st.datetimes(min_value=datetime(2011, 1, 1), max_value=datetime(2040, 1, 1)).map(  # noqa: DTZ001 - given a zone at once
    lambda moment: moment.replace(tzinfo=UTC)
)
TIMES = st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0))
WEDNESDAY = datetime(2026, 12, 23, 10, 30, tzinfo=UTC)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), TIMES)
def test_a_delay_is_never_cut_short(happened_at: datetime, delay: timedelta, at: time | None) -> None:
    begin = begins_at(Start(calendar=EVERY_DAY, delay=delay, at=at), happened_at, None)

    assert begin >= happened_at + delay
    # A day that ends daylight saving time has 25 hours.
    assert begin - happened_at - delay < timedelta(hours=26)
    assert at is not None or begin == happened_at + delay


@given(MOMENTS, st.integers(0, 20), TIMES)
def test_it_begins_on_a_working_day_and_not_before_it_happened(
    happened_at: datetime, days: int, at: time | None
) -> None:
    start = Start(calendar=OFFICE, days=days, by_working_days=True, on_working_day=True, at=at)

    begin = begins_at(start, happened_at, None)

    assert OFFICE.is_working_day(begin.astimezone(BERLIN).date())
    assert begin.astimezone(UTC) >= happened_at - timedelta(hours=1), "an hour that the clock shows twice"


@given(st.dates(date(2011, 1, 1), date(2040, 1, 1)), st.integers(-60, 60), TIMES, MOMENTS)
def test_from_a_day_that_is_named_days_are_counted_whenever_it_happened(
    named: date, days: int, at: time | None, happened_at: datetime
) -> None:
    start = Start(calendar=EVERY_DAY, field="due_on", days=days, at=at)

    assert begins_at(start, happened_at, named.isoformat()) == EVERY_DAY.moment(
        named + timedelta(days=days), at or time()
    )


def test_three_working_days_later_at_eight() -> None:
    start = Start(calendar=OFFICE, days=3, by_working_days=True, on_working_day=True, at=time(8))

    # Thursday, Monday and Tuesday: Friday is Christmas.
    assert begins_at(start, WEDNESDAY, None) == datetime(2026, 12, 29, 8, tzinfo=BERLIN)
    # What happens after the cut-off of Wednesday counts as of Thursday.
    assert begins_at(start, WEDNESDAY.replace(hour=14), None) == datetime(2026, 12, 30, 8, tzinfo=BERLIN)


def test_the_next_eight_o_clock() -> None:
    start = Start(calendar=EVERY_DAY, at=time(8))

    assert begins_at(start, WEDNESDAY, None) == datetime(2026, 12, 24, 8, tzinfo=BERLIN)
    assert begins_at(start, WEDNESDAY.replace(hour=6), None) == datetime(2026, 12, 23, 8, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "named, told", [(None, "is missing"), ("", "is missing"), ("soon", "is no day"), (["x"], "is no day")]
)
def test_a_day_that_is_none_is_told_without_its_value(named: object, told: str) -> None:
    with pytest.raises(StartError, match=rf"data\.due_on {told}") as caught:
        begins_at(Start(calendar=EVERY_DAY, field="due_on"), WEDNESDAY, named)

    assert "soon" not in str(caught.value)
