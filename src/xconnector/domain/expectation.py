"""When a source is expected to speak, and from when on it has kept silent."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xconnector.domain.calendar import Calendar

_DAY = timedelta(days=1)
_BACK = timedelta(days=14)
"""A day on which nobody works can be put off: longer ago than this none was put off to now."""
A_MONDAY = date(2024, 1, 1)
"""Several days are counted from here where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """When a source speaks when all is well."""

    every: timedelta
    by: time | None
    """Time of day on the clock of `zone`; None where only the time between two words counts."""
    zone: ZoneInfo
    first: date = A_MONDAY
    """The first day on which it was expected, where `every` is more than a day."""
    calendar: Calendar | None = None
    """The days on which it speaks; None is every day."""
    at_least: int = 1
    """Records that count as having spoken; 0 counts every file, whatever is in it."""

    @property
    def is_at_a_time(self) -> bool:
        """Whether it speaks by a time of day, and not only within a time after it spoke last."""
        return self.by is not None

    def due_after(self, moment: datetime) -> datetime:
        """Return the first moment by which it is expected after another, in UTC.

        Where it speaks within a time, `moment` is when it spoke last. A time that the clock jumps over or has twice is
        the first that there is. Raises NoWorkingDayError where the calendar has no day.
        """
        if self.by is None:
            return self._within(moment)
        day = moment.astimezone(self.zone).date() - _BACK
        while True:
            day = self._day_from(day)
            due = datetime.combine(self._working(day), self.by, self.zone).astimezone(UTC)
            if due > moment:
                return due
            day += _DAY

    def _within(self, moment: datetime) -> datetime:
        due = (moment + self.every).astimezone(self.zone)
        working = self._working(due.date())
        if working == due.date():
            return due.astimezone(UTC)
        # On days off nobody speaks: the time begins anew with the day on which somebody does.
        return datetime.combine(working, time(), self.zone).astimezone(UTC) + self.every

    def _day_from(self, day: date) -> date:
        """Return the first day from one on on which it is expected, days off not yet seen to."""
        days = max(1, self.every // _DAY)
        return day + timedelta(days=(self.first - day).days % days)

    def _working(self, day: date) -> date:
        return day if self.calendar is None else self.calendar.working_day_from(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What is waited for."""

    counts_from: datetime
    """What is said behind this moment counts."""
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of one moment by which a source was expected."""

    awaited: Awaited
    """What is waited for from now on."""
    is_silent: bool
    """Whether the source is late now."""
    late_by: timedelta | None = None
    """How late it spoke, where it did."""


def after_hearing(expected: Expectation, awaited: Awaited, spoke_at: datetime | None, *, now: datetime) -> Heard:
    """Return what follows of a due moment, given when the source had spoken often enough since it counts.

    What came late counts for the moment that it missed, and for no later one.
    """
    if spoke_at is None:
        return Heard(awaited=awaited, is_silent=now >= awaited.due_at)
    if spoke_at <= awaited.due_at:
        if now < awaited.due_at:
            return Heard(awaited=awaited, is_silent=False)
        later = Awaited(counts_from=awaited.due_at, due_at=expected.due_after(awaited.due_at))
        return Heard(awaited=later, is_silent=False)
    later = Awaited(counts_from=spoke_at, due_at=expected.due_after(spoke_at))
    return Heard(awaited=later, is_silent=False, late_by=spoke_at - awaited.due_at)
