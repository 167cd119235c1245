"""Times as providers tell them: ISO 8601, or seconds or milliseconds since 1970."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 100_000_000_000
"""A number from here on is of milliseconds: as seconds it would be of the year 5138."""
_FIRST_YEAR, _LAST_YEAR = 1990, 9998


def moment_of(told: str | float | None) -> datetime | None:
    """Return the time that is told, in UTC where it names no zone; None where it is none of a delivery."""
    spelled = str(told if told is not None else "").strip()
    try:
        found = _of_number(float(spelled))
    except (ValueError, OverflowError):
        found = _of_text(spelled)
    return found if found is not None and _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _of_number(number: float) -> datetime | None:
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return _EPOCH + timedelta(seconds=seconds)


def _of_text(spelled: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(spelled)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
