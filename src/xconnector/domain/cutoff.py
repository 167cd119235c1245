"""Cut-offs: the times of day at which what was collected leaves."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def latest_cutoff(now: datetime, times: Sequence[time], zone: ZoneInfo) -> datetime:
    """Return the latest cut-off that is not after `now`: what was collected before it is due.

    `times` are on the clock of `zone`, at least one. Where the clock is set back, the first of two equal
    times counts; where it jumps over a time, the time after the jump.
    """
    today = now.astimezone(zone).date()
    days = (today, today - timedelta(days=1))
    return max(cutoff for day in days for at in times if (cutoff := datetime.combine(day, at, zone)) <= now)


def next_cutoff(now: datetime, times: Sequence[time], zone: ZoneInfo) -> datetime:
    """Return the first cut-off after `now`, as `latest_cutoff` reckons them."""
    today = now.astimezone(zone).date()
    days = (today, today + timedelta(days=1))
    return min(cutoff for day in days for at in times if (cutoff := datetime.combine(day, at, zone)) > now)
