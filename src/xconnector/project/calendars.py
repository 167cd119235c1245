"""`calendars:` of xconnector.yaml: on which days which office works."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, available_timezones

import holidays

from xconnector.domain.calendar import Calendar
from xconnector.project.calendar_file import CalendarShape, Weekday
from xconnector.project.findings import Finding, named_like
from xconnector.project.yaml_file import Place, YamlFile

_WEEKDAYS: Mapping[Weekday, int] = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}


def calendar_of(
    name: str, shaped: CalendarShape, file: YamlFile, *, timezone: str
) -> tuple[Calendar | None, list[Finding]]:
    """Return a calendar, or None with what is wrong with it.

    `timezone` is the project's own: where the calendar names no other.
    """
    place = ("calendars", name)
    wrong = [*_wrong_zone(shaped, file, place), *_wrong_country(shaped, file, place)]
    zone = shaped.timezone or timezone
    if wrong or zone not in available_timezones():
        return None, wrong
    calendar = Calendar(
        name=name,
        zone=ZoneInfo(zone),
        weekdays=frozenset(_WEEKDAYS[day] for day in shaped.weekdays),
        holidays=_holidays(shaped),
        cutoff=shaped.cutoff,
    )
    return calendar, []


def _holidays(shaped: CalendarShape) -> holidays.HolidayBase:
    """Return the days of the country with those of the office; years are looked up when they are first asked for."""
    if shaped.country is None:
        days = holidays.HolidayBase()
    else:
        days = holidays.country_holidays(shaped.country, subdiv=shaped.subdivision)
    days.update([*shaped.holidays])
    return days


def _wrong_zone(shaped: CalendarShape, file: YamlFile, place: Place) -> list[Finding]:
    if shaped.timezone is None or shaped.timezone in available_timezones():
        return []
    remedy = named_like(shaped.timezone, available_timezones())
    return [file.finding((*place, "timezone"), f"{shaped.timezone!r} is no time zone", remedy)]


def _wrong_country(shaped: CalendarShape, file: YamlFile, place: Place) -> list[Finding]:
    known = holidays.list_supported_countries()
    if shaped.country is None:
        if shaped.subdivision is None:
            return []
        message = "a subdivision is one of a country"
        return [file.finding((*place, "subdivision"), message, "say its `country` as well, or leave it out")]
    if shaped.country not in known:
        message = f"the holidays of {shaped.country!r} are not known"
        remedy = "use a code such as DE or CH, or leave it out and list them under `holidays`"
        return [file.finding((*place, "country"), message, remedy)]
    if shaped.subdivision is not None and shaped.subdivision not in known[shaped.country]:
        message = f"{shaped.country} has no subdivision {shaped.subdivision!r} with holidays of its own"
        return [file.finding((*place, "subdivision"), message, named_like(shaped.subdivision, known[shaped.country]))]
    return []
