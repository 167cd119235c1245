"""Literals that cells of DMN and of ZEN write alike: words, numbers, days, and ranges between two of them."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from xconnector.domain.decision.cells import Within
from xconnector.project.tables.foreign import UnsayableError, refuse_long, shown

WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


def number_of(token: str, *, most_digits: int) -> Decimal:
    """Return the number that a token says, without its sign.

    Raises UnsayableError.
    """
    if not token:
        raise UnsayableError("the cell ends too early")
    if not re.fullmatch(r"\d+(?:\.\d+)?|\.\d+", token, re.ASCII):
        raise UnsayableError(f"{shown(token)} is no number, quoted text, date, true, false or null")
    number = Decimal(token)
    refuse_long(number, most_digits)
    return number


def day_of(text: str) -> date:
    """Return the day that a text says.

    Raises UnsayableError.
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise UnsayableError(f"{shown(text)} is no day such as 2026-12-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnsayableError(f"there is no day {text}") from None


def range_between(low: Decimal | date, high: Decimal | date, *, includes_low: bool, includes_high: bool) -> Within:
    """Return a range in which something lies.

    Raises UnsayableError.
    """
    if isinstance(low, Decimal) is not isinstance(high, Decimal):
        raise UnsayableError("the ends of a range are of two kinds")
    is_closed = includes_low and includes_high
    if low > high or (low == high and not is_closed):  # pyright: ignore[reportOperatorIssue] - both are of one type
        raise UnsayableError("nothing lies between the ends of a range")
    return Within(low=low, high=high, includes_low=includes_low, includes_high=includes_high)
