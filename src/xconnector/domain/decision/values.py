"""Values that a cell can speak of, and how an input is read as one."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = str | Decimal | date | bool
"""What a cell can speak of."""

MOST_DIGITS = 40
"""A number has no more digits before its point, and no more after it: sums of two are exact in `EXACT`."""

_LONGEST_NUMBER = 3 * MOST_DIGITS

EXACT = Context(prec=4 * MOST_DIGITS)
"""Arithmetic that never rounds numbers of this size."""


class Kind(StrEnum):
    """The kind of value a column speaks of."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes/no"
    ANY = "any"
    """No cell says a value, so that every kind fits."""


def kind_of(value: Value) -> Kind:
    if isinstance(value, bool):
        return Kind.YES_NO
    if isinstance(value, Decimal):
        return Kind.NUMBER
    return Kind.DATE if isinstance(value, date) else Kind.TEXT


def read_value(given: object, kind: Kind) -> Value | None:
    """Return what is given as a value of this kind, or None where it is of another.

    Numbers may come as int, float, Decimal or text, dates as date, time or ISO text.
    """
    return READERS[kind](given)


def spelled_value(value: Value | None) -> str:
    """Return a value in its one canonical spelling; text stands in quotes."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return spelled_number(value) if isinstance(value, Decimal) else value.isoformat()


def spelled_number(number: Decimal) -> str:
    """Return a number without exponent and without zeros that say nothing."""
    return "0" if number == 0 else f"{EXACT.normalize(number):f}"


def is_multiple(number: Decimal, step: Decimal) -> bool:
    return EXACT.remainder(number, step) == 0


def _text(given: object) -> Value | None:
    return given if isinstance(given, str) else None


def _number(given: object) -> Value | None:
    if isinstance(given, bool) or not isinstance(given, (Decimal, int, float, str)):
        return None
    try:
        number = given if isinstance(given, Decimal) else _exactly(given)
    except InvalidOperation:
        return None
    return number if number is not None and _is_ours(number) else None


def _exactly(given: float | str) -> Decimal | None:
    if isinstance(given, str):
        return Decimal(given) if len(given) <= _LONGEST_NUMBER else None
    return Decimal(str(given)) if abs(given) < 10**MOST_DIGITS else None


def _is_ours(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MOST_DIGITS and number.adjusted() < MOST_DIGITS


def _date(given: object) -> Value | None:
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            return None
    return None


def _yes_no(given: object) -> Value | None:
    return given if isinstance(given, bool) else None


def _as_given(given: object) -> Value | None:
    return given if isinstance(given, (str, Decimal, date, bool)) else str(given)


READERS: dict[Kind, Callable[[object], Value | None]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.YES_NO: _yes_no,
    Kind.ANY: _as_given,
}
"""By kind; each returns None for what is of another."""
