from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.cutoff import latest_cutoff

BERLIN = ZoneInfo("Europe/Berlin")
TIMES = st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), min_size=1, max_size=4)
MOMENTS = st.datetimes(min_value=datetime(2020, 1, 2), max_value=datetime(2035, 1, 1)).map(  # noqa: DTZ001 - given a zone at once
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(MOMENTS, TIMES)
def test_the_latest_cutoff_is_past_and_at_most_a_day_old(now: datetime, times: list[time]) -> None:
    found = latest_cutoff(now, times, BERLIN)

    assert found <= now
    # A day that ends daylight saving time has 25 hours.
    assert now - found <= timedelta(hours=25)


@given(MOMENTS, TIMES, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)))
def test_cutoffs_never_go_back(now: datetime, times: list[time], later: timedelta) -> None:
    assert latest_cutoff(now, times, BERLIN) <= latest_cutoff(now + later, times, BERLIN)


def test_what_was_collected_after_five_leaves_the_next_day() -> None:
    five = [time(17)]

    before = latest_cutoff(datetime(2026, 11, 23, 15, 59, tzinfo=UTC), five, BERLIN)
    after = latest_cutoff(datetime(2026, 11, 23, 16, 0, tzinfo=UTC), five, BERLIN)

    assert before == datetime(2026, 11, 22, 17, tzinfo=BERLIN)
    assert after == datetime(2026, 11, 23, 17, tzinfo=BERLIN)
