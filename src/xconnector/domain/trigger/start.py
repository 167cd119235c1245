"""Deferred start: when a communication begins that is not to begin at once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from xconnector.domain.calendar import Calendar, NoWorkingDayError


class StartError(ValueError):
    """When it is to begin cannot be told; the message names fields, never values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """So long after what happened, or so many days around a day that the event names."""

    calendar: Calendar
    """Its clock counts; its working days only where `by_working_days` or `on_working_day` says so."""
    field: str | None = None
    """The field with the day from which is counted; None counts from when it happened."""
    delay: timedelta = timedelta()
    """Counted from the moment when it happened, before days are."""
    days: int = 0
    by_working_days: bool = False
    """Whether `days` are working days."""
    on_working_day: bool = False
    """Whether it begins on the next working day where the day is none."""
    at: time | None = None
    """Time of day; without one it is that of what happened, or the beginning of the day that is counted to."""


def begins_at(start: Start, happened_at: datetime, named: object) -> datetime:
    """Return when a communication begins; `named` is what stands in the field from which is counted.

    Raises StartError where that is no day, or no working day can be told.
    """
    try:
        return _counted(start, happened_at, named)
    except (NoWorkingDayError, OverflowError) as wrong:
        raise StartError(str(wrong)) from None


def _counted(start: Start, happened_at: datetime, named: object) -> datetime:
    calendar = start.calendar
    if start.field is not None:
        return calendar.moment(_day_counted(start, _day(start.field, named)), start.at or time())
    moment = (happened_at + start.delay).astimezone(calendar.zone)
    # What happens after the office's cut-off counts as of its next working day.
    day = _day_counted(start, calendar.day_of(moment) if start.by_working_days else moment.date())
    if start.at is not None:
        begin = calendar.moment(day, start.at)
        # A delay is never cut short.
        # Two times of one clock are compared as it shows them, and it shows some twice.
        return begin if begin.astimezone(UTC) >= moment else calendar.moment(_day_after(start, day), start.at)
    return moment if day == moment.date() else calendar.moment(day, moment.time())


def _day_after(start: Start, day: date) -> date:
    on_working_day = start.by_working_days or start.on_working_day
    return start.calendar.next_working_day(day) if on_working_day else day + timedelta(days=1)


def _day_counted(start: Start, day: date) -> date:
    if start.by_working_days:
        return start.calendar.add_working_days(day, start.days)
    counted = day + timedelta(days=start.days)
    return start.calendar.working_day_from(counted) if start.on_working_day else counted


def _day(field: str, named: object) -> date:
    """Return a day as mappings write it: an ISO date, alone or before a time."""
    if isinstance(named, date):
        return named
    if isinstance(named, str):
        try:
            return datetime.fromisoformat(named).date()
        except ValueError:
            pass
    said = "is missing" if named in (None, "") else "is no day such as 2026-12-31"
    raise StartError(f"data.{field} {said}, and its start is counted from it")
