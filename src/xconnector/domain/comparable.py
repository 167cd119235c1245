"""When two values that sources give of a customer's field are the same value, written otherwise."""

from collections.abc import Mapping
from typing import Any, cast

_NO_SIGNS = dict.fromkeys(map(ord, ".,;"), " ")


def comparable(name: str, value: object) -> str:
    """Return what is compared of a value: case, blanks, full stops and commas say nothing.

    Of a telephone number only its digits count, and `00` before them is a `+`.
    """
    if name in {"mobile", "phone"} and isinstance(value, str):
        return _digits(value)
    if name == "email" and isinstance(value, str):
        return "".join(value.split()).casefold()
    return " ".join(_text(value).casefold().translate(_NO_SIGNS).split())


def comparable_values(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what is compared of the values of fields that are said together."""
    return tuple([(name, comparable(name, values[name])) for name in sorted(values)])


def _digits(number: str) -> str:
    signs = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f"+{signs[2:]}" if signs.startswith("00") else signs


def _text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_text, cast("list[object]", value)))
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value)
        return " ".join(f"{name} {_text(pairs[name])}" for name in sorted(pairs))
    return str(value)
