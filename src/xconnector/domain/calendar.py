"""Working days: on which days and until which time of day an office works, on its own clock."""

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MONDAY_TO_FRIDAY = frozenset(range(5))
LONGEST_BREAK = 366
"""Days in a row on which nobody works, after which no working day is looked for any more."""
_DAY = timedelta(days=1)


class NoWorkingDayError(ValueError):
    """No working day can be told: none is within a year, or days end there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The working days of an office."""

    name: str
    zone: ZoneInfo
    """Days begin there."""
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    """On which it works: 0 is Monday."""
    holidays: Container[date] = field(default=frozenset[date](), repr=False)
    """Weekdays on which nobody works."""
    cutoff: time | None = None
    """What comes at that time or later counts as of the next working day; None where a day counts to its end."""

    def is_working_day(self, day: date) -> bool:
        """Say whether the office works on a day."""
        return day.weekday() in self.weekdays and day not in self.holidays

    def working_day_from(self, day: date) -> date:
        """Return the day itself where it is a working day, else the next one.

        Raises NoWorkingDayError.
        """
        return self._first(day, _DAY)

    def next_working_day(self, day: date) -> date:
        """Return the first working day after a day.

        Raises NoWorkingDayError.
        """
        return self._first(_stepped(day, _DAY), _DAY)

    def add_working_days(self, day: date, number: int) -> date:
        """Return the day that is so many working days later, or earlier where the number is negative.

        With 0 it is the day itself, or the next working day. A day that is no working day counts as the working day
        before it where it goes on, and as the one after it where it goes back.

        Raises NoWorkingDayError.
        """
        if number == 0:
            return self.working_day_from(day)
        step = _DAY if number > 0 else -_DAY
        for _ in range(abs(number)):
            day = self._first(_stepped(day, step), step)
        return day

    def day_of(self, moment: datetime) -> date:
        """Return the working day as of which something counts that happens at a moment.

        Raises NoWorkingDayError.
        """
        here = moment.astimezone(self.zone)
        if self.is_working_day(here.date()) and not self.is_after_cutoff(moment):
            return here.date()
        return self.next_working_day(here.date())

    def is_after_cutoff(self, moment: datetime) -> bool:
        """Say whether it is the cut-off or later on the office's clock; never where there is no cut-off."""
        if self.cutoff is None:
            return False
        cutoff = self.moment(moment.astimezone(self.zone).date(), self.cutoff)
        # Two times of one clock would be compared as it shows them, and it shows some twice.
        return moment.astimezone(UTC) >= cutoff.astimezone(UTC)

    def moment(self, day: date, at: time) -> datetime:
        """Return the moment of a time of day on the office's clock.

        Where the clock is set back, the first of two equal times; where it jumps over the time, as long after the jump
        as the time is after the hour that is left out.
        """
        return datetime.combine(day, at.replace(fold=0, tzinfo=None), self.zone)

    def _first(self, day: date, step: timedelta) -> date:
        """Return the first working day from a day on, step by step."""
        for _ in range(LONGEST_BREAK):
            if self.is_working_day(day):
                return day
            day = _stepped(day, step)
        raise NoWorkingDayError(f"calendar {self.name!r} has no working day for {LONGEST_BREAK} days around {day}")


def _stepped(day: date, step: timedelta) -> date:
    try:
        return day + step
    except OverflowError:
        raise NoWorkingDayError(f"there is no day {'after' if step > timedelta(0) else 'before'} {day}") from None
