"""The shape of a calendar in xconnector.yaml."""

from datetime import time
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from xconnector.project.file_words import Day, Shape

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CalendarShape(Shape):
    """On which days an office works, and until when."""

    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    """Days of the week on which it works, such as [mon, tue, wed, thu, fri]."""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    """Two-letter country code (ISO 3166-1) whose public holidays are free, such as DE."""
    subdivision: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_ -]{1,40}$")] | None = None
    """Part of the country with holidays of its own (ISO 3166-2 without the country), such as BY."""
    holidays: tuple[Day, ...] = ()
    """Further days on which nobody works, such as 2026-12-24."""
    timezone: str | None = None
    """IANA time zone in which its days begin; left out: the project's."""
    cutoff: time | None = None
    """Time of day, such as "15:00", from which on something counts as of the next working day."""


EVERY_DAY = CalendarShape(weekdays=("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
"""It has no free days."""
