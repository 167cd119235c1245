"""JSON drivers, read as a stream: an array, one object after the other, or an array under a name."""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from xconnector.connectors.exstream.driver.json_driver import JsonDriver
from xconnector.sandbox.exstream.driver_text import texts
from xconnector.sandbox.exstream.driver_values import put_fields
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

_LARGEST_CUSTOMER = 64 * 1024 * 1024
_SPACE = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s,]*")
_ARRAY = re.compile(r"\[")


def json_customers(layout: JsonDriver, driver: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the data of each customer. Raises UnreadableDriverError."""
    for customer in _objects(layout, driver):
        if layout.fields is None:
            yield customer
        else:
            data: dict[str, Any] = {}
            put_fields(layout.fields, customer, data, data)
            yield data


def _objects(layout: JsonDriver, driver: BinaryIO) -> Iterator[dict[str, Any]]:
    text = _Text(texts(driver, layout.encoding))
    if layout.root is not None:
        text.skip(re.compile(r"\{\s*" + re.escape(json.dumps(layout.root, ensure_ascii=False)) + r"\s*:\s*(?=\[)"))
    closing = "]" if text.skip(_ARRAY) else ""
    while True:
        text.skip(_BETWEEN)
        if text.peek() == closing:
            return
        yield _object(text.value())


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableDriverError("each customer must be an object")
    return cast("dict[str, Any]", value)


class _Text:
    """A text that is read as far as it is needed, and forgotten behind."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._buffer = ""
        self._at = 0
        self._has_ended = False
        self._values = json.JSONDecoder()

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Go past what fits here, after white space; say whether there was any."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            found = pattern.match(self._buffer, space.end() if space else self._at)
            # What fits, or fits not, with what was read may do otherwise with what follows.
            if self._has_ended or (found is not None and found.end() < len(self._buffer)) or self._has_plenty():
                break
            self._read()
        if found is not None:
            self._at = found.end()
        return found is not None

    def peek(self) -> str:
        """Return the next sign; empty at the end."""
        while self._at >= len(self._buffer) and not self._has_ended:
            self._read()
        return self._buffer[self._at : self._at + 1]

    def value(self) -> object:
        """Return the JSON value that begins here."""
        while True:
            try:
                value, self._at = self._values.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError):
                if self._has_ended or len(self._buffer) - self._at > _LARGEST_CUSTOMER:
                    raise UnreadableDriverError("the driver is no JSON") from None
                self._read()
            else:
                return value

    def _has_plenty(self) -> bool:
        return len(self._buffer) - self._at > 1024  # noqa: PLR2004 - more than any of the patterns is long

    def _read(self) -> None:
        piece = next(self._pieces, None)
        self._has_ended = piece is None
        self._buffer, self._at = self._buffer[self._at :] + (piece or ""), 0
