"""Staleness: how old the newest word of a source may be, and what follows where it is older."""

from datetime import datetime, timedelta
from enum import StrEnum


class Staleness(StrEnum):
    """What follows where a source that a communication needs is stale."""

    REFUSE = "refuse"
    """Nothing is made: it fails, and is reprocessed when the source spoke."""
    FLAG = "flag"
    """It is made, and its history says how old the source's word was."""


def is_fresh(as_of: datetime | None, within: timedelta, *, now: datetime) -> bool:
    """Say whether the newest that a source said is new enough; a source that never spoke is not."""
    return as_of is not None and now - as_of <= within


def spelled_age(age: timedelta) -> str:
    """Return an age as people say it: 3 d 4 h, 2 h 10 min, 5 min, 12 s."""
    seconds = max(0, int(age.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"
