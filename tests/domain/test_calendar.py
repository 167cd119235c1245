from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.calendar import Calendar, NoWorkingDayError

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")])
DAYS = st.dates(min_value=date(2011, 1, 1), max_value=date(2040, 12, 31))
MOMENTS = st.datetimes(min_value=datetime(2011, 1, 1), max_value=datetime(2040, 1, 1)).map(  # noqa: DTZ001 - given a zone at once
    lambda moment: moment.replace(tzinfo=UTC)
)
CALENDARS = st.builds(
    Calendar,
    name=st.just("office"),
    zone=ZONES,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    holidays=st.frozensets(DAYS, max_size=40),
    cutoff=st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)),
)
NUMBERS = st.integers(-40, 40)
WEEK = Calendar(name="office", zone=BERLIN, holidays=frozenset({date(2026, 12, 25)}), cutoff=time(15))


@given(CALENDARS, DAYS, NUMBERS)
def test_what_is_reckoned_is_always_a_working_day(calendar: Calendar, day: date, number: int) -> None:
    assert calendar.is_working_day(calendar.add_working_days(day, number))
    assert calendar.is_working_day(calendar.next_working_day(day))


@given(CALENDARS, DAYS, st.integers(1, 40))
def test_between_a_day_and_the_nth_working_day_after_it_lie_n_working_days(
    calendar: Calendar, day: date, number: int
) -> None:
    found = calendar.add_working_days(day, number)

    between = [day + timedelta(days=ahead) for ahead in range(1, (found - day).days + 1)]
    assert sum(calendar.is_working_day(one) for one in between) == number


@given(CALENDARS, DAYS, NUMBERS)
def test_going_on_and_back_again_ends_where_it_began(calendar: Calendar, day: date, number: int) -> None:
    begin = calendar.working_day_from(day)

    assert calendar.add_working_days(calendar.add_working_days(begin, number), -number) == begin


@given(CALENDARS, DAYS, st.integers(0, 400), NUMBERS)
def test_a_later_day_never_leads_to_an_earlier_one(calendar: Calendar, day: date, later: int, number: int) -> None:
    # From what is no working day, 0 goes on and a negative number goes back.
    begin, end = calendar.working_day_from(day), calendar.working_day_from(day + timedelta(days=later))

    assert calendar.add_working_days(begin, number) <= calendar.add_working_days(end, number)


@given(CALENDARS, MOMENTS, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9)))
def test_what_happens_later_never_counts_as_of_an_earlier_day(
    calendar: Calendar, moment: datetime, later: timedelta
) -> None:
    assert calendar.day_of(moment) <= calendar.day_of(moment + later)
    assert calendar.is_working_day(calendar.day_of(moment))
    assert calendar.day_of(moment) >= moment.astimezone(calendar.zone).date()


@given(CALENDARS, DAYS, st.times())
def test_a_time_of_day_is_on_its_day_on_the_office_s_clock(calendar: Calendar, day: date, at: time) -> None:
    moment = calendar.moment(day, at)
    here = moment.astimezone(UTC).astimezone(calendar.zone)

    # A time that the clock jumps over is told by the time after it; Samoa has left out a whole day.
    assert here.replace(tzinfo=None) - datetime.combine(day, at.replace(fold=0, tzinfo=None)) in {
        timedelta(0),
        timedelta(hours=1),
        timedelta(hours=24),
    }
    assert moment.fold == 0


def test_what_comes_after_the_cutoff_of_a_friday_counts_as_of_monday() -> None:
    friday = date(2026, 11, 27)

    assert WEEK.day_of(datetime(2026, 11, 27, 13, 59, tzinfo=UTC)) == friday
    assert WEEK.day_of(datetime(2026, 11, 27, 14, 0, tzinfo=UTC)) == date(2026, 11, 30)
    assert WEEK.is_after_cutoff(datetime(2026, 11, 27, 14, 0, tzinfo=UTC))


def test_holidays_are_passed_over_both_ways() -> None:
    assert WEEK.add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert WEEK.add_working_days(date(2026, 12, 28), -1) == date(2026, 12, 24)
    assert WEEK.add_working_days(date(2026, 12, 25), 0) == date(2026, 12, 28)


def test_the_clock_s_changes_move_no_time_of_day() -> None:
    assert WEEK.moment(date(2026, 3, 27), time(8)).astimezone(UTC).hour == 7
    assert WEEK.moment(date(2026, 3, 30), time(8)).astimezone(UTC).hour == 6
    assert WEEK.moment(date(2026, 3, 29), time(2, 30)).astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert WEEK.moment(date(2026, 10, 25), time(2, 30)).astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


class _Always:
    def __contains__(self, day: object) -> bool:
        return True


def test_an_office_that_never_works_is_told() -> None:
    never = Calendar(name="closed", zone=BERLIN, holidays=_Always())

    with pytest.raises(NoWorkingDayError, match="'closed' has no working day for 366 days"):
        never.working_day_from(date(2026, 1, 1))


def test_the_end_of_days_is_told() -> None:
    with pytest.raises(NoWorkingDayError, match="no day after 9999-12-31"):
        WEEK.add_working_days(date.max, 1)
