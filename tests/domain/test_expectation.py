"""When a source is expected to speak: over clock changes, days off, and years."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.calendar import Calendar
from xconnector.domain.expectation import Awaited, Expectation, after_hearing

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]).map(
    ZoneInfo
)
MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2049, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is drawn
DAILY = Expectation(every=timedelta(days=1), by=time(6), zone=BERLIN)


def _calendars(zone: ZoneInfo) -> st.SearchStrategy[Calendar | None]:
    days = st.frozensets(st.integers(0, 6), min_size=1)
    off = st.frozensets(st.dates(date(2001, 1, 1), date(2049, 12, 31)), max_size=5)
    made = st.builds(Calendar, name=st.just("office"), zone=st.just(zone), weekdays=days, holidays=off)
    return st.none() | made


EXPECTATIONS = ZONES.flatmap(
    lambda zone: st.builds(
        Expectation,
        every=st.sampled_from([1, 2, 7, 30]).map(lambda days: timedelta(days=days)),
        by=st.times().map(lambda at: at.replace(microsecond=0)),
        zone=st.just(zone),
        calendar=_calendars(zone),
    )
)


@given(EXPECTATIONS, MOMENTS)
def test_the_next_moment_is_later_and_the_one_after_it_later_again(expected: Expectation, moment: datetime) -> None:
    first = expected.due_after(moment)
    second = expected.due_after(first)

    assert moment < first < second
    assert expected.due_after(first - timedelta(microseconds=1)) == first


@given(EXPECTATIONS, MOMENTS)
def test_nothing_is_expected_on_a_day_off_nor_at_another_time(expected: Expectation, moment: datetime) -> None:
    here = expected.due_after(moment).astimezone(expected.zone)

    assert expected.calendar is None or expected.calendar.is_working_day(here.date()) or _jumped(expected, here)
    assert here.time() == expected.by or _jumped(expected, here)


def _jumped(expected: Expectation, here: datetime) -> bool:
    """Say whether the clock jumped over the time on this day."""
    assert expected.by is not None
    there = datetime.combine(here.date(), expected.by, expected.zone)
    yesterday = datetime.combine(here.date() - timedelta(days=1), expected.by, expected.zone)
    return any(one.astimezone(UTC).astimezone(expected.zone).time() != expected.by for one in (there, yesterday))


@given(ZONES, MOMENTS, st.integers(1, 5000))
def test_within_a_time_means_after_exactly_that_time(zone: ZoneInfo, moment: datetime, minutes: int) -> None:
    expected = Expectation(every=timedelta(minutes=minutes), by=None, zone=zone)

    assert expected.due_after(moment) == moment + timedelta(minutes=minutes)


def test_days_off_are_not_counted_where_it_speaks_within_a_time() -> None:
    office = Calendar(name="office", zone=BERLIN)
    expected = Expectation(every=timedelta(hours=2), by=None, zone=BERLIN, calendar=office)
    friday = datetime(2026, 11, 27, 23, tzinfo=BERLIN)

    assert expected.due_after(friday) == datetime(2026, 11, 30, 2, tzinfo=BERLIN)


def test_the_clock_that_jumps_and_the_one_that_goes_back_have_one_moment_each() -> None:
    nightly = Expectation(every=timedelta(days=1), by=time(2, 30), zone=BERLIN)
    jumped, set_back = datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert nightly.due_after(datetime(2026, 3, 28, 12, tzinfo=UTC)) == jumped
    assert nightly.due_after(jumped) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    assert nightly.due_after(datetime(2026, 10, 24, 12, tzinfo=UTC)) == set_back
    assert nightly.due_after(set_back) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_every_seven_days_are_mondays_unless_another_day_is_named() -> None:
    weekly = Expectation(every=timedelta(days=7), by=time(6), zone=BERLIN)
    on_fridays = Expectation(every=timedelta(days=7), by=time(6), zone=BERLIN, first=date(2027, 1, 1))
    moment = datetime(2026, 12, 29, 12, tzinfo=UTC)

    assert weekly.due_after(moment).date() == date(2027, 1, 4)
    assert on_fridays.due_after(moment).date() == date(2027, 1, 1)


def test_a_holiday_puts_it_off_to_the_next_working_day() -> None:
    office = Calendar(name="office", zone=BERLIN, holidays={date(2027, 1, 1)})
    expected = Expectation(every=timedelta(days=1), by=time(6), zone=BERLIN, calendar=office)

    assert expected.due_after(datetime(2026, 12, 31, 12, tzinfo=UTC)).date() == date(2027, 1, 4)


DUE = datetime(2026, 11, 24, 5, tzinfo=UTC)
AWAITED = Awaited(counts_from=DUE - timedelta(days=1), due_at=DUE)


def test_a_source_is_silent_from_the_moment_on_by_which_it_was_expected() -> None:
    assert not after_hearing(DAILY, AWAITED, None, now=DUE - timedelta(seconds=1)).is_silent
    assert after_hearing(DAILY, AWAITED, None, now=DUE).is_silent


def test_what_came_in_time_counts_for_that_day_only() -> None:
    heard = after_hearing(DAILY, AWAITED, DUE - timedelta(hours=1), now=DUE)

    assert heard.awaited == Awaited(counts_from=DUE, due_at=DUE + timedelta(days=1))
    assert not heard.is_silent


def test_what_came_late_counts_for_the_day_it_missed_and_not_for_the_next() -> None:
    spoke_at = DUE + timedelta(hours=3)
    heard = after_hearing(DAILY, AWAITED, spoke_at, now=spoke_at)

    assert heard.late_by == timedelta(hours=3)
    assert heard.awaited == Awaited(counts_from=spoke_at, due_at=DUE + timedelta(days=1))


@given(EXPECTATIONS, MOMENTS, st.lists(st.integers(1, 40 * 24 * 60), max_size=20), st.integers(1, 60 * 24 * 60))
def test_however_often_and_late_it_is_listened_the_same_is_heard(
    expected: Expectation, begin: datetime, gaps: list[int], pause: int
) -> None:
    words: list[datetime] = []
    for gap in gaps:
        words.append((words[-1] if words else begin) + timedelta(minutes=gap))
    end = begin + timedelta(days=300)
    start = Awaited(counts_from=begin, due_at=expected.due_after(begin))
    often = _listen(expected, start, words, [begin + timedelta(minutes=pause) * n for n in range(1, 12)] + [end])

    assert often == _listen(expected, start, words, [end])


def _listen(
    expected: Expectation, awaited: Awaited, words: list[datetime], looks: list[datetime]
) -> tuple[Awaited, list[tuple[datetime, timedelta]]]:
    """Look several times, and return what is waited for then, and what came late for which moment."""
    late: list[tuple[datetime, timedelta]] = []
    for now in sorted(looks):
        while True:
            spoke_at = min((word for word in words if awaited.counts_from < word <= now), default=None)
            heard = after_hearing(expected, awaited, spoke_at, now=now)
            if heard.late_by is not None:
                late.append((awaited.due_at, heard.late_by))
            if heard.awaited == awaited:
                break
            awaited = heard.awaited
    return awaited, late
