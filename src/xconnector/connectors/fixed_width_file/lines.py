"""The wire of files of fixed width: lines, cut at their columns, with their original bytes and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from xconnector.connectors.fixed_width_file.settings import FixedWidthFileSettings
from xconnector.contract.control import ControlKind
from xconnector.contract.errors import PermanentError
from xconnector.domain.strict_json import Json

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_TAIL = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record as it stands in the file."""

    number: int
    """Its place among lines or records of the file, from 1."""
    payload: bytes = field(repr=False)
    data: dict[str, str] | None = field(repr=False)
    wrong: str = ""
    """Why it cannot be read, where that is so; it then has no data."""


def read_lines(path: Path, settings: FixedWidthFileSettings) -> Iterator[Line]:
    """Yield every line that is a record; empty ones, headers and the trailer are none.

    Raises PermanentError naming file, line and remedy when the file as a whole cannot be read.
    """
    cuts = [(name, start - 1, end) for name, (start, end) in settings.spans().items()]
    needed = 0 if settings.may_be_short else max(end for _, _, end in cuts)
    ended_in: int | None = None
    with _opened(path) as file:
        for number, raw in _raw_lines(file, path, settings):
            if number <= settings.header_lines or not raw.strip():
                continue
            if ended_in is not None:
                raise PermanentError(
                    f"{path.name}, line {number}: records follow the trailer in line {ended_in}; "
                    "two files may have been joined"
                )
            if _is_trailer(raw, settings):
                ended_in = number
            else:
                yield _read(number, raw, settings, cuts, needed)


def read_trailer(path: Path, settings: FixedWidthFileSettings) -> Json:
    """Return what the file's last line declares, in the shape `{records, sums}`.

    Raises PermanentError when the last line is no trailer.
    """
    with _opened(path) as file:
        file.seek(0, 2)
        tail = settings.record_length or _TAIL
        file.seek(max(0, file.tell() - tail))
        last = file.read() if settings.record_length else file.read().rstrip(b"\r\n \t").rsplit(b"\n", 1)[-1]
    if not _is_trailer(last, settings):
        raise PermanentError(
            f"{path.name} does not end with a line that begins with {settings.control.marker}: "
            "it may be cut off; ask its maker for a whole file"
        )
    records, *sums = last.decode(settings.encoding, errors="replace")[len(settings.control.marker) :].split() or [""]
    declared: dict[str, Json] = dict(zip(settings.control.sums, sums, strict=False))
    return {"records": records, "sums": declared}


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as unreadable:
        raise PermanentError(f"{path.name} cannot be read: {unreadable.strerror}") from None


def _raw_lines(file: BinaryIO, path: Path, settings: FixedWidthFileSettings) -> Iterator[tuple[int, bytes]]:
    if settings.record_length is not None:
        yield from _unbroken(file, path, settings.record_length)
        return
    number = 0
    while raw := file.readline(settings.line_limit + 2):
        number += 1
        if number == 1:
            if raw.startswith(_UTF16_BOMS):
                raise PermanentError(f"{path.name} is UTF-16: save it as {settings.encoding}")
            raw = raw.removeprefix(_UTF8_BOM) if settings.encoding == "utf-8" else raw
        yield number, raw.rstrip(b"\r\n")
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(_TAIL)


def _unbroken(file: BinaryIO, path: Path, length: int) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := file.read(length):
        number += 1
        if len(raw) < length:
            raise PermanentError(
                f"{path.name} is cut off in record {number}, or its records do not have {length} bytes; "
                "check `record_length:` of the connection, or ask its maker for a whole file"
            )
        yield number, raw


def _is_trailer(raw: bytes, settings: FixedWidthFileSettings) -> bool:
    if settings.control.kind is not ControlKind.TRAILER:
        return False
    marker = settings.control.marker
    return raw[: len(marker) * 4].decode(settings.encoding, errors="replace").casefold().startswith(marker.casefold())


def _read(
    number: int,
    raw: bytes,
    settings: FixedWidthFileSettings,
    cuts: list[tuple[str, int, int]],
    needed: int,
) -> Line:
    wrong = ""
    text = ""
    if settings.record_length is None and len(raw) > settings.line_limit:
        wrong = f"it has more than {settings.line_limit} bytes"
    else:
        try:
            text = raw.decode(settings.encoding)
        except UnicodeDecodeError as error:
            wrong = f"byte {error.start + 1} of the line is not {settings.encoding}"
    if not wrong and "\0" in text:
        wrong = "it holds a NUL character"
    if not wrong and len(text) < needed:
        wrong = f"it has {len(text)} characters where its columns end at {needed}"
    if wrong:
        return Line(number=number, payload=raw, data=None, wrong=f"line {number}: {wrong}")
    return Line(number=number, payload=raw, data={name: text[start:end].strip() for name, start, end in cuts})
