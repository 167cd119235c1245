"""Retention: how long a record is kept, and why until that day."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordClass:
    """A class of records with one period, counted from the day of issue."""

    name: str
    years: int
    authority: str
    """The rule that demands it, as a citation."""


def retain_until(record_class: RecordClass, issued_on: date) -> date:
    """Return the last day on which the record must be kept.

    A record issued on 29 February is kept until 1 March where the year has no such day.
    """
    year = issued_on.year + record_class.years
    try:
        return issued_on.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
