"""From a driver's fields back to the data that they were taken from."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, cast

from xconnector.connectors.exstream.driver.fields import DriverField
from xconnector.connectors.exstream.driver.value import Value

Target: TypeAlias = dict[str, Any]
"""Data that is being put together."""

_STEP = re.compile(r'"(?P<quoted>[^"]+)"|\[(?P<index>\d{1,4})\]|(?P<name>[^.\[\]"]+)')
_DATE_PIECES = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "DDD": r"(?P<yearday>\d{3})",
    "DD": r"(?P<day>\d{2})",
    "hh": r"(?P<hour>\d{2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
}
_DATE_PIECE = re.compile("|".join(_DATE_PIECES))


def put_fields(fields: Mapping[str, DriverField], given: Mapping[str, Any], item: Target, root: Target) -> None:
    """Put what a driver holds under its own names to where it was taken from: `item`, and `root` for `/…`."""
    for name, field in fields.items():
        found = given.get(name)
        if field.each is not None:
            _put_each(field, found, item, root)
        elif field.fields is not None:
            put_fields(field.fields, _group(found), item, root)
        else:
            put_value(field, found, item, root)


def put_value(value: Value, found: object, item: Target, root: Target) -> None:
    """Put one value to where it was taken from; constants came from nowhere."""
    if value.path is not None:
        put(value.path, unformatted(value, found), item, root)


def put(path: str, found: object, item: Target, root: Target) -> None:
    """Put something under a path of names and indexes; one that leads through conditions is left alone."""
    steps = _steps(path.removeprefix("/"))
    if steps:
        _put(steps, found, root if path.startswith("/") else item)


def list_at(path: str, item: Target, root: Target) -> list[Any]:
    """Return the list under a path; there is one from now on."""
    steps = _steps(path.removeprefix("/").removesuffix("[*]"))
    held: Any = root if path.startswith("/") else item
    for step in steps[:-1]:
        held = held.setdefault(step, {})
    if not isinstance(held.get(steps[-1]), list):
        held[steps[-1]] = []
    return held[steps[-1]]


def unformatted(value: Value, found: object) -> object:
    """Return what a value was before it was written."""
    if found is None or found == "":
        return None
    if value.date is not None:
        return _date(value.date, str(found))
    if value.decimals is not None:
        return _number(value.decimals, value.decimal_sign, str(found))
    if value.words:
        return next((meant for meant, word in value.words.items() if word == str(found)), None)
    return found


def _put_each(field: DriverField, found: object, item: Target, root: Target) -> None:
    held = list_at(cast("str", field.each), item, root)
    for one in _items(found):
        if field.fields is None:
            held.append(one)
            continue
        inner: Target = {}
        put_fields(field.fields, _group(one), inner, root)
        held.append(inner.get(".", inner))


def _items(found: object) -> list[object]:
    if isinstance(found, list):
        return cast("list[object]", found)
    return [] if found is None else [found]


def _group(found: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def _steps(path: str) -> list[str | int]:
    """Return the way that a path leads; none where it asks for conditions."""
    if path == ".":
        return ["."]
    if "=" in path or "*" in path:
        return []
    return [int(step["index"]) if step["index"] else (step["quoted"] or step["name"]) for step in _STEP.finditer(path)]


def _put(steps: list[str | int], found: object, held: Any) -> None:  # noqa: ANN401 - a dict or a list
    step, *further = steps
    if isinstance(step, int):
        held.extend([None] * (step + 1 - len(held)))
    if not further:
        held[step] = found
        return
    wanted: type[Any] = list if isinstance(further[0], int) else dict
    inner = held[step] if isinstance(step, int) else held.get(step)
    if not isinstance(inner, wanted):
        inner = held[step] = wanted()
    _put(further, found, inner)


def _date(pattern: str, text: str) -> str:
    """Return the date or time that was written by a pattern, in ISO's form; text that does not fit stays."""
    expected, at = "", 0
    for piece in _DATE_PIECE.finditer(pattern):
        expected += re.escape(pattern[at : piece.start()]) + _DATE_PIECES[piece[0]]
        at = piece.end()
    fitting = re.fullmatch(expected + re.escape(pattern[at:]), text)
    if fitting is None:
        return text
    told = {name: int(digits) for name, digits in fitting.groupdict().items()}
    try:
        moment = _moment(told)
    except ValueError:
        return text
    return moment.isoformat() if "hour" in told else moment.date().isoformat()


def _moment(told: Mapping[str, int]) -> datetime:
    """Return the moment of a date's parts. Raises ValueError where there is no such day."""
    year = told.get("year", 2000 + told.get("short", 0))
    day = datetime(year, told.get("month", 1), told.get("day", 1))  # noqa: DTZ001 - written without a time zone
    return day + timedelta(
        days=told.get("yearday", 1) - 1,
        hours=told.get("hour", 0),
        minutes=told.get("minute", 0),
        seconds=told.get("second", 0),
    )


def _number(decimals: int, sign: str, text: str) -> object:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return text
    return float(number.scaleb(-decimals) if sign == "none" else number)
