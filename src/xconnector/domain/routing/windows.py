"""Quiet hours: when a medium may disturb, wherever the customer may be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xconnector.domain.decision.deciding import DecisionError

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_A_DAY = timedelta(days=1)
_LONGEST_WAIT = timedelta(days=8)


class NeverOpenError(DecisionError):
    """No moment of the coming week lies in every window: the table must be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when to when a medium may be used each day, on the customer's clock; over midnight where it closes first."""

    opens: time
    """The first moment."""
    closes: time
    """The first moment after."""

    def __str__(self) -> str:
        return f"{self.opens:%H:%M} to {self.closes:%H:%M}"

    def is_open(self, at: time) -> bool:
        if self.opens < self.closes:
            return self.opens <= at < self.closes
        return at >= self.opens or at < self.closes


def time_of(text: str) -> time | None:
    """Return a time of day written as 08:00; None for all else."""
    found = _TIME.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None


def window_beside(quiet_hours: str) -> Window | None:
    """Return when somebody may be disturbed whose quiet hours are written as 21:00-08:00; None for all else."""
    begins, _, ends = quiet_hours.partition("-")
    closes, opens = time_of(begins.strip()), time_of(ends.strip())
    return None if opens is None or closes is None or opens == closes else Window(opens=opens, closes=closes)


def next_open(windows: Sequence[Window], zones: Sequence[ZoneInfo], at: datetime) -> datetime:
    """Return the first moment from `at` on that lies in every window on the clocks of all zones, in UTC.

    Without windows that is `at` itself. Raises NeverOpenError when there is none within eight days, ValueError without
    a zone, and where `at` has none.
    """
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone is none")
    if windows and not zones:
        raise ValueError("nobody said on whose clock")
    first = moment = at.astimezone(UTC)
    while moment - first <= _LONGEST_WAIT:
        later = max((_opening(window, zone, moment) for window in windows for zone in zones), default=moment)
        if later == moment:
            return moment
        moment = later
    told = ", ".join(sorted({str(window) for window in windows}))
    raise NeverOpenError(
        f"no moment within {_LONGEST_WAIT.days} days lies in {told} in all of {len(zones)} time zones: "
        "widen the hours in the table for quiet hours"
    )


def _opening(window: Window, zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the first moment from this one on at which the window is open on the clock of one zone."""
    while True:
        local = moment.astimezone(zone)
        if window.is_open(local.time()):
            return moment
        reached = moment + _until(window.opens, local.time())
        if reached.astimezone(zone).utcoffset() == local.utcoffset():
            return reached
        # The clock is set in between, which may open the window at once, or put its opening off.
        moment = _change_of_clock(zone, moment, reached)


def _until(opens: time, now: time) -> timedelta:
    return (_since_midnight(opens) - _since_midnight(now)) % _A_DAY


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def _change_of_clock(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first moment at which the clock of a zone runs as it does at `after`, to the microsecond."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta.resolution:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
