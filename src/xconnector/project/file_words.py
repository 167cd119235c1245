"""Words that the shapes of a project's files share."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
EventType = Annotated[str, StringConstraints(pattern=r"^\S{1,200}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _day(written: object) -> object:
    """Refuse what pydantic would take for seconds since 1970."""
    if isinstance(written, (date, str)):
        return written
    raise ValueError("write a day as 2026-12-31")


Day = Annotated[date, BeforeValidator(_day)]


class Shape(BaseModel):
    """Base of what a file holds: unknown keys are refused, and the docstring under each field is its documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
