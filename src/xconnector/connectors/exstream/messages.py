"""What the engine says while it composes: messages such as `EX003004W`, in files whose line layout nobody promises.

An id is `EX`, six digits and the letter of its severity (S2, [D*]). Everything else on a line is the engine's own
text, which may quote customers.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import BinaryIO, Literal

MessageEncoding = Literal["UTF16", "UTF8", "ISO88591", "ISO88592", "SINGLEBYTE"]
"""How a message file is written, by the engine's own words for it (`MSGENCODE`; the engine's default is UTF16, S2)."""

_CODECS: Mapping[str, str] = {
    "UTF16": "utf-16",
    "UTF8": "utf-8-sig",
    "ISO88591": "latin-1",
    "ISO88592": "iso8859_2",
    "SINGLEBYTE": "latin-1",
}
_BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BYTES_THAT_TELL = 512
_LONGEST_LINE = 64 * 1024
_LONGEST_TEXT = 2000
_ID = re.compile(r"(?<![A-Za-z0-9])EX\d{6}([IWES])(?![A-Za-z0-9])", re.ASCII)
_BETWEEN_ID_AND_TEXT = " \t:-|,;"
_MOST_IDS_COUNTED = 1000
_MOST_IDS_TOLD = 12


class Severity(StrEnum):
    """How bad a message is, by the last letter of its id."""

    INFORMATION = "I"
    WARNING = "W"
    ERROR = "E"
    SEVERE = "S"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRemark:
    """One message of the engine."""

    message_id: str
    """Such as `EX003004W`: technical, and free of content."""
    severity: Severity
    text: str = field(repr=False)
    """What the engine says besides, which may quote a customer."""


def read_messages(stream: BinaryIO, *, encoding: MessageEncoding = "UTF16") -> Iterator[EngineRemark]:
    """Give the messages of a file in their sequence; what is no message is passed over.

    A byte order mark is believed before `encoding`; a file that cannot be UTF-16 is read byte by byte. Nothing is
    refused: a file that still grows, or ends within a character, gives what can be read of it.
    """
    rest = io.BufferedReader(_Readable(stream), buffer_size=_LONGEST_LINE)
    start = rest.peek(_BYTES_THAT_TELL)[:_BYTES_THAT_TELL]
    lines = io.TextIOWrapper(rest, encoding=_codec_of(start, encoding), errors="replace", newline=None)
    try:
        while line := lines.readline(_LONGEST_LINE):
            yield from _messages_of(line)
    finally:
        # The stream stays its owner's.
        lines.detach()


def most_severe(messages: Iterable[EngineRemark]) -> Severity | None:
    """Return the worst severity, or None where there is no message."""
    order = list(Severity)
    return max((message.severity for message in messages), key=order.index, default=None)


class MessageCounts:
    """How often each id came, and one text of each: bounded, however much the engine says."""

    def __init__(self, messages: Iterable[EngineRemark] = ()) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, EngineRemark] = {}
        for message in messages:
            self._count(message)

    def __len__(self) -> int:
        return len(self._counts)

    def of(self, severity: Severity) -> int:
        """Return how many messages of this severity came."""
        return sum(count for name, count in self._counts.items() if name.endswith(severity.value))

    def told(self, *, with_texts: bool = False) -> str:
        """Return the ids from the worst on, such as `EX001001S, EX003004W (3 times)`; informing ones are left out.

        Only `with_texts` the engine's own words follow each id; they may quote customers.
        """
        grave = [name for name in self._counts if not name.endswith(Severity.INFORMATION.value)]
        worst_first = sorted(grave, key=lambda name: (-list(Severity).index(self._first[name].severity), name))
        told = [self._one(name, with_texts=with_texts) for name in worst_first[:_MOST_IDS_TOLD]]
        left = len(worst_first) - len(told)
        return ", ".join(told) + (f" and {left} more" if left else "")

    def _count(self, message: EngineRemark) -> None:
        name = message.message_id
        if name not in self._counts and len(self._counts) >= _MOST_IDS_COUNTED:
            return
        self._counts[name] = self._counts.get(name, 0) + 1
        self._first.setdefault(name, message)

    def _one(self, name: str, *, with_texts: bool) -> str:
        times = f" ({self._counts[name]} times)" if self._counts[name] > 1 else ""
        text = f" “{self._first[name].text}”" if with_texts and self._first[name].text else ""
        return name + text + times


def _messages_of(line: str) -> Iterator[EngineRemark]:
    found = list(_ID.finditer(line))
    for one, after in zip_longest(found, found[1:]):
        end = after.start() if after else len(line)
        text = line[one.end() : end].strip().strip(_BETWEEN_ID_AND_TEXT)
        yield EngineRemark(message_id=one[0], severity=Severity(one[1]), text=_one_line(text))


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_TEXT]).strip()


def _codec_of(start: bytes, encoding: MessageEncoding) -> str:
    for mark, codec in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return codec
    if encoding != "UTF16":
        return _CODECS[encoding]
    low, high = start[0::2].count(0), start[1::2].count(0)
    if not low and not high and len(start) > 1:
        # Two bytes a letter would show a zero beside every letter of an id.
        return "latin-1"
    return "utf-16-be" if low > high else "utf-16-le"


class _Readable(io.RawIOBase):
    """Any binary stream as one that can be looked into before it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - any buffer is cast
        taken = self._stream.read(len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)
