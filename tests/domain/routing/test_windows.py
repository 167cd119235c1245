from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xconnector.domain.routing.windows import NeverOpenError, Window, next_open, time_of

MINUTE = timedelta(minutes=1)
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/New_York",
        "America/Los_Angeles",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "UTC",
    )
]
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
WINDOWS = st.builds(Window, opens=TIMES, closes=TIMES)
# All of the year, and around the days on which clocks are set, where mistakes are.
CLOCK_CHANGES = [
    datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 7), (3, 28), (4, 4), (10, 3), (10, 24), (10, 31))
]
DAYS = [*CLOCK_CHANGES, *(datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13))]
SECONDS = st.integers(0, 2 * 24 * 3600) | st.integers(0, 2 * 24 * 60).map(lambda minutes: minutes * 60)
MOMENTS = st.tuples(st.sampled_from(DAYS), SECONDS).map(lambda one: one[0] + timedelta(seconds=one[1]))


def is_open(windows: Sequence[Window], zones: Sequence[ZoneInfo], at: datetime) -> bool:
    return all(window.is_open(at.astimezone(zone).time()) for window in windows for zone in zones)


@settings(deadline=None, max_examples=150)
@given(st.lists(WINDOWS, min_size=1, max_size=2), st.lists(st.sampled_from(ZONES), min_size=1, max_size=2), MOMENTS)
@example(
    [Window(opens=time(2, 30), closes=time(2, 45))], [ZoneInfo("Europe/Berlin")], datetime(2026, 3, 29, tzinfo=UTC)
)
@example(
    [Window(opens=time(1, 0), closes=time(2, 30))],
    [ZoneInfo("Europe/Berlin")],
    datetime(2026, 10, 25, 0, 31, tzinfo=UTC),
)
@example([Window(opens=time(2, 30), closes=time(4, 0))], [ZoneInfo("Europe/Berlin")], datetime(2026, 3, 29, tzinfo=UTC))
def test_the_next_opening_is_the_first_minute_that_lies_in_every_window_of_every_zone(
    windows: list[Window], zones: list[ZoneInfo], at: datetime
) -> None:
    whole = at.replace(second=0, microsecond=0) + (MINUTE if at.second or at.microsecond else timedelta())
    if is_open(windows, zones, at):
        assert next_open(windows, zones, at) == at
        return
    tried = (whole + count * MINUTE for count in range(8 * 24 * 60))
    first = next((moment for moment in tried if is_open(windows, zones, moment)), None)
    if first is None:
        with pytest.raises(NeverOpenError):
            next_open(windows, zones, at)
    else:
        assert next_open(windows, zones, at) == first


def test_nobody_is_called_at_night_on_any_clock_where_the_customer_may_be() -> None:
    daytime = Window(opens=time(8), closes=time(21))
    zones = [ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")]

    morning = datetime(2026, 7, 1, 8, 0, tzinfo=ZoneInfo("America/New_York"))

    assert next_open([daytime], zones, morning) == datetime(2026, 7, 1, 15, 0, tzinfo=UTC)


def test_the_last_moment_is_the_one_before_it_closes() -> None:
    window = Window(opens=time(8), closes=time(21))

    assert window.is_open(time(8))
    assert window.is_open(time(20, 59, 59))
    assert not window.is_open(time(21))


def test_a_window_over_midnight_is_open_on_both_sides_of_it() -> None:
    window = Window(opens=time(20), closes=time(6))

    assert window.is_open(time(23, 59))
    assert window.is_open(time(5, 59))
    assert not window.is_open(time(6))


def test_without_windows_every_moment_will_do() -> None:
    at = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)

    assert next_open([], [], at) == at


def test_windows_that_never_meet_are_an_error_with_what_to_mend() -> None:
    windows = [Window(opens=time(8), closes=time(9)), Window(opens=time(20), closes=time(21))]

    with pytest.raises(NeverOpenError, match="08:00 to 09:00, 20:00 to 21:00 in all of 1 time zones: widen"):
        next_open(windows, [ZoneInfo("UTC")], datetime(2026, 7, 1, tzinfo=UTC))


def test_windows_on_nobodys_clock_are_an_error() -> None:
    with pytest.raises(ValueError, match="whose clock"):
        next_open([Window(opens=time(8), closes=time(9))], [], datetime(2026, 7, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="without a time zone"):
        next_open([], [], datetime(2026, 7, 1))  # noqa: DTZ001 - this is what is refused


@pytest.mark.parametrize("text", ["8:00", "24:00", "08:60", "08.00", "0800", "08:00:00", "", "-", "08:00\n"])
def test_a_time_is_written_in_one_way_only(text: str) -> None:
    assert time_of(text) is None


@given(TIMES)
def test_a_time_as_it_is_written_is_read(at: time) -> None:
    assert time_of(f"{at:%H:%M}") == at
