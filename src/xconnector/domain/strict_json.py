"""Strict JSON: what every reader understands in the same way, and every store can keep.

Refused are duplicate keys, NaN and infinities, numbers out of range, NUL and lone surrogates in text,
and anything nested deeper than the cap (RFC 8259, sections 4, 6, 8 and 9 leave these open).
"""

import json
from math import isfinite
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

MOST_NESTED = 64


class StrictJsonError(ValueError):
    """The text is no JSON that we take; the message says why and shows none of it."""


def read_json(content: bytes, *, depth: int = MOST_NESTED) -> Json:
    """Return what UTF-8 encoded JSON says.

    Raises StrictJsonError.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as wrong:
        raise StrictJsonError(f"byte {wrong.start + 1} is not UTF-8") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as wrong:
        raise StrictJsonError(f"no JSON: {wrong.msg} at line {wrong.lineno}, column {wrong.colno}") from None
    except RecursionError:
        raise StrictJsonError(f"nested deeper than {depth}") from None
    except StrictJsonError:
        raise
    except ValueError:
        raise StrictJsonError("a number has too many digits") from None
    _refuse_depth(value, depth)
    if "\\u" in text or "\0" in text:
        refuse_unstorable(value)
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise StrictJsonError("an object has the same key twice")
    return found


def _constant(name: str) -> Json:
    raise StrictJsonError(f"{name} is no JSON")


def _fraction(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise StrictJsonError("a number is out of range")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_fraction)


def _refuse_depth(value: Json, depth: int) -> None:
    level = [value]
    for _ in range(depth + 1):
        level = [child for one in level for child in _children(one)]
        if not level:
            return
    raise StrictJsonError(f"nested deeper than {depth}")


def _children(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return []


def refuse_unstorable(value: Json) -> None:
    """Raise StrictJsonError where text holds what no store of ours can keep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            _refuse_unstorable_text(one)
        elif isinstance(one, dict):
            for key in one:
                _refuse_unstorable_text(key)
        waiting.extend(_children(one))


def _refuse_unstorable_text(text: str) -> None:
    if "\0" in text:
        raise StrictJsonError("text holds a NUL character")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise StrictJsonError("text holds half a surrogate pair")
