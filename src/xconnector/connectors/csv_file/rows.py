"""The wire of CSV files: rows with their original bytes and line numbers.

Python's csv module alone judges where a row ends; what it consumed becomes the row's bytes. After a
row that it cannot read we go on at the next line only where that surely is a new row, which is so
when the quotes of the unreadable lines are even in number.
"""

import csv
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from xconnector.connectors.csv_file.settings import CsvFileSettings
from xconnector.contract.control import ControlKind
from xconnector.contract.errors import PermanentError

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_TAIL = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it stands in the file."""

    line: int
    """Number of its first line, from 1."""
    payload: bytes = field(repr=False)
    """Its bytes, without the line break that ends it."""
    cells: list[str] = field(repr=False)
    wrong: str = ""
    """Why it cannot be read, where that is so; it then has no cells."""


def open_csv(path: Path) -> BinaryIO:
    """Open the file for reading.

    Raises PermanentError naming file and remedy.
    """
    try:
        return path.open("rb")
    except OSError as unreadable:
        raise PermanentError(f"{path.name} cannot be read: {unreadable.strerror}") from None


def read_rows(file: BinaryIO, path: Path, settings: CsvFileSettings) -> Iterator[Row]:
    """Yield every row that is not empty, the header first.

    Raises PermanentError naming file, line and remedy when the file as a whole cannot be read.
    """
    lines = _Lines(file, path, settings)
    reader = csv.reader(lines, delimiter=settings.delimiter, quotechar=settings.quote, strict=True)
    while True:
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _LineTooLongError:
            wrong = f"it has more than {settings.line_limit} bytes"
            yield Row(line=lines.first, payload=lines.payload, cells=[], wrong=wrong)
            # What the reader holds of the row is given up with it.
            reader = csv.reader(lines, delimiter=settings.delimiter, quotechar=settings.quote, strict=True)
            continue
        except csv.Error as error:
            lines.refuse_open_quote()
            yield Row(line=lines.first, payload=lines.payload, cells=[], wrong=f"it is wrongly quoted: {error}")
            continue
        if "\0" in "".join(cells):
            yield Row(line=lines.first, payload=lines.payload, cells=[], wrong="it holds a NUL byte")
        elif cells:
            yield Row(line=lines.first, payload=lines.payload, cells=cells)


def read_trailer(path: Path, settings: CsvFileSettings) -> list[str]:
    """Return the cells behind the marker in the file's last row.

    Raises PermanentError when the last row is no trailer.
    """
    with open_csv(path) as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        tail = file.read().rstrip(b"\r\n \t")
    last = tail.rsplit(b"\n", 1)[-1].removeprefix(_UTF8_BOM).decode(settings.encoding, errors="replace")
    cells: list[str] = []
    with suppress(csv.Error, StopIteration):
        cells = next(csv.reader([last], delimiter=settings.delimiter, quotechar=settings.quote))
    if not is_trailer(cells, settings):
        raise PermanentError(
            f"{path.name} does not end with a row that begins with {settings.control.marker}: "
            "it may be cut off; ask its maker for a whole file"
        )
    return cells[1:]


def is_trailer(cells: list[str], settings: CsvFileSettings) -> bool:
    """Say whether a row holds the control totals."""
    if settings.control.kind is not ControlKind.TRAILER or not cells:
        return False
    return cells[0].strip().casefold() == settings.control.marker.casefold()


class _LineTooLongError(Exception):
    """A line is above the cap; it was read to its end."""


class _Lines:
    """Gives decoded lines to the csv reader and keeps the bytes of the row in hand."""

    def __init__(self, file: BinaryIO, path: Path, settings: CsvFileSettings) -> None:
        self._file = file
        self._name = path.name
        self._settings = settings
        self._quote = settings.quote.encode(settings.encoding)
        self._number = 0
        self._offset = 0
        self._row: list[bytes] = []
        self._row_size = 0
        self._ended = False
        self.first = 1

    def begin_row(self) -> None:
        self._row = []
        self._row_size = 0
        self.first = self._number + 1

    @property
    def payload(self) -> bytes:
        return b"".join(self._row).rstrip(b"\r\n")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(self._settings.line_limit + 2)
        if not line:
            self._ended = True
            raise StopIteration
        self._number += 1
        self._row.append(line)
        self._row_size += len(line)
        if self._number == 1:
            line = self._without_mark(line)
            self._offset = len(self._row[0]) - len(line)
        if len(line.rstrip(b"\r\n")) > self._settings.line_limit:
            self._skip_line()
        if self._row_size > self._settings.line_limit + 2:
            raise self._quote_never_closed()
        text = self._decoded(line)
        self._offset += len(line)
        return text

    def refuse_open_quote(self) -> None:
        """Raise PermanentError where the next line may still belong to the row that could not be read."""
        if self._ended or b"".join(self._row).count(self._quote) % 2:
            raise self._quote_never_closed()

    def _without_mark(self, line: bytes) -> bytes:
        if line.startswith(_UTF16_BOMS):
            raise PermanentError(f"{self._name} is UTF-16: save it as {self._settings.encoding}")
        return line.removeprefix(_UTF8_BOM) if self._settings.encoding == "utf-8" else line

    def _skip_line(self) -> None:
        quotes = sum(line.count(self._quote) for line in self._row)
        rest = self._row[-1]
        self._offset += len(rest)
        while rest and not rest.endswith(b"\n"):
            rest = self._file.readline(self._settings.line_limit)
            self._offset += len(rest)
            quotes += rest.count(self._quote)
        if quotes % 2:
            raise self._quote_never_closed()
        raise _LineTooLongError

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode(self._settings.encoding)
        except UnicodeDecodeError as wrong:
            raise PermanentError(
                f"{self._name}, line {self._number}: byte {self._offset + wrong.start + 1} of the file is not "
                f"{self._settings.encoding}. Set `encoding:` of the connection to what the file is written in, "
                "or save the file again"
            ) from None

    def _quote_never_closed(self) -> PermanentError:
        return PermanentError(
            f"{self._name}, line {self.first}: a quote opened in this row is not closed within "
            f"{self._settings.line_limit} bytes or the file, so that it cannot be told where the next row begins. "
            "Mend the row, or ask for a whole file"
        )
