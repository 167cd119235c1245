"""The wire of JSON Lines: objects with their original bytes and line numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from xconnector.connectors.jsonl_file.items import read_items
from xconnector.connectors.jsonl_file.settings import JsonlFileSettings
from xconnector.contract.control import ControlKind
from xconnector.contract.errors import PermanentError
from xconnector.domain.strict_json import Json, StrictJsonError, read_json

_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_TAIL = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record as it stands in the file."""

    number: int
    """Number of its first line, from 1."""
    payload: bytes = field(repr=False)
    data: dict[str, Any] | None = field(repr=False)
    wrong: str = ""
    """Why it cannot be read, where that is so; it then has no data."""


def read_lines(path: Path, settings: JsonlFileSettings) -> Iterator[Line]:
    """Yield every object of the file but the trailer; empty lines are none.

    Raises PermanentError naming file, line and remedy when the file as a whole cannot be read.
    """
    with _opened(path) as file:
        match settings.layout:
            case "document":
                found = _document(file, settings)
            case "list":
                found = _items(file, path, settings)
            case "lines":
                found = _lines(file, path, settings)
        for line in found:
            if not _is_trailer(line.data, settings):
                yield line
            elif after := next(found, None):
                raise PermanentError(
                    f"{path.name}, line {after.number}: records follow the trailer in line {line.number}; "
                    "two files may have been joined"
                )


def read_trailer(path: Path, settings: JsonlFileSettings) -> Json:
    """Return what the file's last line declares.

    Raises PermanentError when the last line is no trailer.
    """
    with _opened(path) as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL))
        last = file.read().rstrip().rsplit(b"\n", 1)[-1].removeprefix(_BOM)
    try:
        data = read_json(last)
    except StrictJsonError:
        data = None
    if not isinstance(data, dict) or not _is_trailer(data, settings):
        raise PermanentError(
            f'{path.name} does not end with a line {{"trailer": …}}: it may be cut off; ask its maker for a whole file'
        )
    return data["trailer"]


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as unreadable:
        raise PermanentError(f"{path.name} cannot be read: {unreadable.strerror}") from None


def _is_trailer(data: dict[str, Any] | None, settings: JsonlFileSettings) -> bool:
    return settings.control.kind is ControlKind.TRAILER and data is not None and [*data] == ["trailer"]


def _document(file: BinaryIO, settings: JsonlFileSettings) -> Iterator[Line]:
    content = file.read(settings.record_limit + 1)
    yield _read(1, content.removeprefix(_BOM), settings)


def _items(file: BinaryIO, path: Path, settings: JsonlFileSettings) -> Iterator[Line]:
    for item in read_items(file, path, name=settings.list_name, limit=settings.record_limit):
        yield _read(item.line, item.payload, settings)


def _lines(file: BinaryIO, path: Path, settings: JsonlFileSettings) -> Iterator[Line]:
    number = 0
    while raw := file.readline(settings.record_limit + 2):
        number += 1
        if number == 1:
            if raw.startswith(_UTF16_BOMS):
                raise PermanentError(f"{path.name} is UTF-16: save it as UTF-8")
            raw = raw.removeprefix(_BOM)
        payload = raw.rstrip(b"\r\n")
        if payload.strip():
            line = _read(number, payload, settings)
            _refuse_cut_off(line, path, is_ended=raw.endswith(b"\n") or len(payload) > settings.record_limit)
            yield line
        _skip_rest(file, raw)


def _read(number: int, payload: bytes, settings: JsonlFileSettings) -> Line:
    if len(payload) > settings.record_limit:
        wrong = f"line {number}: the record has more than {settings.record_limit} bytes"
        return Line(number=number, payload=payload, data=None, wrong=wrong)
    try:
        data = read_json(payload, depth=settings.depth)
    except StrictJsonError as error:
        return Line(number=number, payload=payload, data=None, wrong=f"line {number}: {error}")
    if not isinstance(data, dict):
        return Line(number=number, payload=payload, data=None, wrong=f"line {number}: the record is no JSON object")
    if settings.inside:
        record = data.get(settings.inside)
        if not isinstance(record, dict):
            wrong = f"line {number}: the record has no object {settings.inside}"
            return Line(number=number, payload=payload, data=None, wrong=wrong)
        data = record
    return Line(number=number, payload=payload, data=data)


def _refuse_cut_off(line: Line, path: Path, *, is_ended: bool) -> None:
    """A last line that is neither ended nor readable means that the file was cut off there."""
    if line.wrong and not is_ended:
        raise PermanentError(
            f"{path.name} is cut off in line {line.number} ({line.wrong}); ask its maker for a whole file"
        )


def _skip_rest(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(_TAIL)
