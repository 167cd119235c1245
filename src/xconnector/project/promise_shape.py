"""The shape of what a feed's source promises of time."""

from datetime import date, time, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from xconnector.contract.settings import Duration
from xconnector.project.file_words import Day, Name, Shape

_DAY = timedelta(days=1)


class ExpectedShape(Shape):
    """When a source speaks when all is well."""

    every: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=366))] = _DAY
    """How often, such as 1d, or 15m where there is no `by`: then it must speak again within so long."""
    by: time | None = None
    """Time of day in the project's time zone by which it has spoken, such as "06:00"."""
    calendar: Name | None = None
    """One of `calendars`: on other days it need not speak; left out, it speaks every day."""
    at_least: Annotated[int, Field(ge=0, le=10_000_000)] = 1
    """So many records count as having spoken. Of a feed that reads files, with 0 each file counts that came, also one
    that is empty or was taken in before."""
    first: Day = date(2024, 1, 1)
    """A day on which it speaks, where `every` is several days, such as 2026-01-05; left out, 7d are Mondays."""

    @model_validator(mode="after")
    def _whole_days(self) -> Self:
        if self.by is not None and self.every % _DAY:
            raise ValueError("with `by`, `every` is whole days, such as 1d or 7d")
        return self
