"""Why a document cannot be composed, in words that hold nothing of the customer's."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

HIDDEN = "…"
_QUOTES = "\"`'"
_TELLS_A_VALUE = re.compile(r"^(panicked with|assertion failed|unknown font family): (?P<value>.*)$", re.DOTALL)
_PARENTHESES = re.compile(r" \([^()]*\)")
_SHORTEST_HIDDEN = 4
_LONGEST = 300


class DocumentError(Exception):
    """This document cannot be composed. The message names template, place and cause, and no customer content."""


class Discretion:
    """Takes customers' content out of what an engine says.

    A quoted word, a path or the text of a failed assertion may come from the data. It stays only
    where the templates themselves hold it.
    """

    def __init__(self, sources: Callable[[], Sequence[str]]) -> None:
        self._sources = sources

    def without_content(self, message: str, data: bytes) -> str:
        """Return the message without anything that came from the data (JSON)."""
        known = "\n".join(self._sources()).casefold()
        kept = _without_values(message, known)
        for value in sorted(set(_values(json.loads(data))), key=len, reverse=True):
            if len(value) >= _SHORTEST_HIDDEN and value.casefold() not in known:
                kept = re.sub(re.escape(value), HIDDEN, kept, flags=re.IGNORECASE)
        return " ".join(kept.split())[:_LONGEST]


def named_character(character: str) -> str:
    """Return a character as an operator can look it up: itself, code point and Unicode name."""
    name = unicodedata.name(character, "no name")
    return f"{character} (U+{ord(character):04X}, {name.lower()})"


def _without_values(message: str, known: str) -> str:
    if told := _TELLS_A_VALUE.match(message):
        value = told["value"].strip("\"'")
        return message if value.casefold() in known else f"{told[1]}: {HIDDEN}"
    for quote in _QUOTES:
        message = _without_quoted(message, quote, known)
    return _PARENTHESES.sub("", message)


def _without_quoted(message: str, quote: str, known: str) -> str:
    # From the first quote to the last: a value that holds quotes itself must not slip out between them.
    before, first, rest = message.partition(quote)
    quoted, last, after = rest.rpartition(quote)
    if not first or not last or all(piece.casefold() in known for piece in quoted.split(quote)[::2]):
        return message
    return f"{before}{first}{HIDDEN}{last}{after}"


def _values(data: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(data, dict):
        for item in cast("dict[str, Any]", data).values():
            yield from _values(item)
    elif isinstance(data, list):
        for item in cast("list[Any]", data):
            yield from _values(item)
    elif data is not None and not isinstance(data, bool):
        text = str(data)
        yield text
        yield from text.split()
