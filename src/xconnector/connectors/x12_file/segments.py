"""The wire of X12: segments of interchanges, each cut by the separators that its own header declares."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from xconnector.connectors.x12_file.settings import X12FileSettings
from xconnector.contract.errors import PermanentError
from xconnector.domain.strict_json import Json

_CHUNK = 65_536
_BOM = b"\xef\xbb\xbf"
_HEADER = b"ISA"
_HEADER_BYTES = 106
"""An interchange header has fixed width, so that the separators can be read off their places (X12.5)."""
_REPETITION_AT, _COMPONENT_AT, _TERMINATOR_AT = 82, 104, 105
_PARTS_OF_HEADER = 16
_MOST_ELEMENTS = 200
_BEGUN = re.compile(rb"\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment as it stands in the file."""

    number: int
    """Its place in the file, from 1."""
    line: int
    """The line in which it begins, from 1; many files have one line only."""
    payload: bytes = field(repr=False)
    """Its bytes with the terminator."""
    name: str
    elements: Sequence[Json] = field(repr=False)
    """Text; a list where components or repeats make several of one; empty text where there is nothing."""
    wrong: str = ""
    """Why it cannot be read, where that is so."""

    def text(self, place: int) -> str:
        """Return an element by its place, from 1; empty text where it is missing or has parts."""
        value = self.elements[place - 1] if place <= len(self.elements) else ""
        return value if isinstance(value, str) else ""

    def fields(self) -> dict[str, Json]:
        """Return what is there, by its place as two digits: `01`."""
        return {f"{at:02}": value for at, value in enumerate(self.elements, start=1) if value not in ("", [])}


@dataclass(frozen=True, slots=True)
class _Separators:
    element: str
    component: str
    repetition: str
    terminator: bytes


def read_segments(file: BinaryIO, path: Path, settings: X12FileSettings) -> Iterator[Segment]:
    """Yield every segment of every interchange of a file.

    Raises PermanentError naming file and place where it is no X12, or cut off inside a segment.
    """
    yield from _Cutting(file, path, settings).segments()


class _Cutting:
    def __init__(self, file: BinaryIO, path: Path, settings: X12FileSettings) -> None:
        self._file = file
        self._path = path
        self._settings = settings
        self._rest = b""
        # Where in it the next segment begins: cutting off what was read would copy the rest each time.
        self._at = 0
        self._number = 0
        self._line = 1

    def segments(self) -> Iterator[Segment]:
        self._fill()
        self._rest = self._rest.removeprefix(_BOM)
        while self._skip_blanks():
            separators = self._separators()
            segment = self._segment(separators)
            yield segment
            while segment.name != "IEA" and self._skip_blanks():
                segment = self._segment(separators)
                yield segment

    def _fill(self) -> bool:
        chunk = self._file.read(_CHUNK)
        self._rest, self._at = self._rest[self._at :] + chunk, 0
        return bool(chunk)

    def _skip_blanks(self) -> bool:
        """Go to the next segment; say whether there is one."""
        while (found := _BEGUN.search(self._rest, self._at)) is None:
            self._line += self._rest.count(b"\n", self._at)
            self._at = len(self._rest)
            if not self._fill():
                return False
        self._line += self._rest.count(b"\n", self._at, found.start())
        self._at = found.start()
        return True

    def _separators(self) -> _Separators:
        if len(self._rest) - self._at < _HEADER_BYTES:
            self._fill()
        header = self._rest[self._at : self._at + _HEADER_BYTES]
        if header[:3] != _HEADER:
            raise PermanentError(
                f"{self._path.name}, line {self._line}: an interchange must begin with ISA; "
                "ask the file's maker for X12, or for a whole file"
            )
        element, component = header[3:4], header[_COMPONENT_AT:_TERMINATOR_AT]
        terminator = header[_TERMINATOR_AT:]
        repetition = header[_REPETITION_AT : _REPETITION_AT + 1]
        # Before 00402 this place said who keeps the standard: a letter, and no separator.
        if repetition.isalnum() or repetition.isspace():
            repetition = b""
        signs = [element, component, terminator, *([repetition] if repetition else [])]
        is_whole = len(header) == _HEADER_BYTES and header.count(element) == _PARTS_OF_HEADER
        if not is_whole or len({*signs}) < len(signs) or any(sign.isalnum() for sign in signs):
            raise PermanentError(
                f"{self._path.name}, line {self._line}: the header ISA does not have its 106 characters, "
                "by whose places separators are known; ask the file's maker to write it with fixed width"
            )
        return _Separators(
            element=element.decode("latin-1"),
            component=component.decode("latin-1"),
            repetition=repetition.decode("latin-1"),
            terminator=terminator,
        )

    def _segment(self, separators: _Separators) -> Segment:
        raw = self._raw(separators.terminator)
        self._number += 1
        line = self._line
        self._line += raw.count(b"\n")
        text, wrong = self._decoded(raw.removesuffix(separators.terminator).strip())
        name, *elements = text.split(separators.element, maxsplit=_MOST_ELEMENTS)
        if len(elements) >= _MOST_ELEMENTS:
            wrong = wrong or f"segment {self._number} has more than {_MOST_ELEMENTS} elements"
        if "\0" in text:
            wrong = wrong or f"segment {self._number} holds a NUL character"
        is_header = name == "ISA"
        return Segment(
            number=self._number,
            line=line,
            payload=raw,
            name=name.strip(),
            elements=elements if is_header else [_parts(one, separators) for one in elements],
            wrong=wrong,
        )

    def _raw(self, terminator: bytes) -> bytes:
        end = self._rest.find(terminator, self._at)
        while end < 0:
            known = len(self._rest) - self._at
            if known > self._settings.record_limit:
                raise PermanentError(
                    f"{self._path.name}, line {self._line}: segment {self._number + 1} has more than "
                    f"{self._settings.record_limit} bytes; raise `record_limit:` of the connection if the file is right"
                )
            if not self._fill():
                raise PermanentError(
                    f"{self._path.name} is cut off in segment {self._number + 1}; ask its maker for a whole file"
                )
            end = self._rest.find(terminator, known)
        raw = self._rest[self._at : end + 1]
        self._at = end + 1
        return raw

    def _decoded(self, raw: bytes) -> tuple[str, str]:
        try:
            return raw.decode(self._settings.encoding), ""
        except UnicodeDecodeError as wrong:
            told = f"segment {self._number}: its byte {wrong.start + 1} is not {self._settings.encoding}"
            return raw.decode("latin-1"), told


def _parts(element: str, separators: _Separators) -> Json:
    if separators.repetition and separators.repetition in element:
        return [_components(one, separators) for one in element.split(separators.repetition)]
    return _components(element, separators)


def _components(element: str, separators: _Separators) -> Json:
    if separators.component in element:
        found: list[Json] = [part.strip() for part in element.split(separators.component)]
        return found
    return element.strip()
