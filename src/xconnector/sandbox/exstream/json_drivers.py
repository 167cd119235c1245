"""JSON drivers, read as a stream: an array, one object after the other, or an array under a name."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

_READ_AT_ONCE = 256 * 1024
_LARGEST_CUSTOMER = 64 * 1024 * 1024
_BETWEEN = re.compile(r"[\s,]*")


def json_customers(driver: BinaryIO, *, root: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield each customer's object. Raises UnreadableDriverError."""
    text = _Text(driver)
    if root is not None:
        text.skip(re.compile(r"\{\s*" + re.escape(json.dumps(root, ensure_ascii=False)) + r"\s*:\s*(?=\[)"))
    closing = "]" if text.skip(re.compile(r"\[")) else ""
    while True:
        text.skip(_BETWEEN)
        if text.at_end() and not closing:
            return
        if closing and text.peek() == closing:
            return
        yield _customer(text.value())


def _customer(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableDriverError("each customer must be an object")
    return cast("dict[str, Any]", value)


class _Text:
    """A text that is read as far as it is needed, and forgotten behind."""

    def __init__(self, driver: BinaryIO) -> None:
        self._driver = driver
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._values = json.JSONDecoder()
        self._read()

    def skip(self, pattern: re.Pattern[str]) -> bool:
        """Go past what fits here, after white space; say whether there was any."""
        while True:
            space = re.compile(r"\s*").match(self._buffer, self._at)
            start = space.end() if space else self._at
            found = pattern.match(self._buffer, start)
            # What fits to the end of what was read may go on behind it.
            if self._ended or (found is not None and found.end() < len(self._buffer)):
                break
            if found is None and start < len(self._buffer):
                break
            self._read()
        if found is None:
            return False
        self._at = found.end()
        return True

    def peek(self) -> str:
        while self._at >= len(self._buffer) and not self._ended:
            self._read()
        return self._buffer[self._at : self._at + 1]

    def at_end(self) -> bool:
        return not self.peek()

    def value(self) -> object:
        """Return the JSON value that begins here."""
        while True:
            try:
                value, self._at = self._values.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError):
                if self._ended or len(self._buffer) - self._at > _LARGEST_CUSTOMER:
                    raise UnreadableDriverError("the driver is no JSON") from None
                self._read()
            else:
                return value

    def _read(self) -> None:
        chunk = self._driver.read(_READ_AT_ONCE)
        self._ended = not chunk
        try:
            text = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError:
            raise UnreadableDriverError("the driver is not in UTF-8") from None
        self._buffer, self._at = self._buffer[self._at :] + text, 0
