"""Status files by mapping: rows in columns that the settings name, as delivery events. Pure.

A code that nobody mapped is UNKNOWN and kept; a row that cannot be understood is named with its reason, and the rest
passes. Each event keeps its row, column by column.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import msgspec

from xconnector.connectors.print_house.tracking import MomentColumn, StatusFiles
from xconnector.connectors.print_house.words import REASONS, STATUSES, Meaning
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason

Row: TypeAlias = Mapping[str, str]
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_LONGEST_FIELD = 1 << 16
_UNKNOWN = Meaning(DeliveryEventType.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoiltRow:
    """A row that cannot be understood."""

    line: int
    reason: str
    row: Row = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one row says of the letter that it names by this key."""

    key: str
    event: DeliveryEvent
    """Its dispatch key is still the key as it was told."""


class UnreadableStatusFileError(ValueError):
    """The file as a whole is not of this kind; the message tells nothing of its content."""


def read(content: bytes, files: StatusFiles, *, written_at: datetime | None) -> Iterator[Told | SpoiltRow]:
    """Give what each row says, in their sequence. Raises UnreadableStatusFileError."""
    for line, row in _rows(content, files):
        try:
            yield _told(row, files, written_at)
        except ValueError as error:
            yield SpoiltRow(line=line, reason=str(error), row=row)


def _rows(content: bytes, files: StatusFiles) -> Iterator[tuple[int, Row]]:
    text = io.StringIO(content.decode(files.encoding, "replace").removeprefix("\ufeff"), newline="")
    wanted = _wanted(files)
    if files.fixed is not None:
        _prove_columns(wanted, files.fixed.keys())
        for number, line in enumerate(text, start=1):
            if line.strip():
                yield number, _cut(line.rstrip("\r\n"), files)
        return
    lines = csv.reader(text, delimiter=files.delimiter)
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        names = files.header or next(lines, list[str]())
        names = [name.strip() for name in names]
        _prove_columns(wanted, names)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield lines.line_num, dict(zip(names, (cell.strip() for cell in cells), strict=False))
    except csv.Error as error:
        raise UnreadableStatusFileError(f"line {lines.line_num} is no row of columns") from error


def _cut(line: str, files: StatusFiles) -> Row:
    columns = files.fixed or {}
    return {name: line[at.start - 1 : at.start - 1 + at.length].strip() for name, at in columns.items()}


def _wanted(files: StatusFiles) -> set[str]:
    named = {files.key.column, files.status.column, files.at.column, files.reason and files.reason.column}
    return {name for name in named if name} | {*files.new_address.values()}


def _prove_columns(wanted: set[str], there: Iterable[str]) -> None:
    missing = sorted(wanted - {*there})
    if missing:
        raise UnreadableStatusFileError(f"there is no column {', '.join(missing)}")


def _told(row: Row, files: StatusFiles, written_at: datetime | None) -> Told:
    """Return what a row says. Raises ValueError, which says what is wrong and shows nothing of the row."""
    key = row.get(files.key.column, "")
    if not key:
        raise ValueError(f"column {files.key.column} is empty")
    code = files.status.always or row.get(files.status.column or "", "")
    meaning = STATUSES.get(files.status.always or files.status.words.get(code, ""), _UNKNOWN)
    event = DeliveryEvent(
        dispatch_key=key,
        type=meaning.type,
        occurred_at=_moment(row, files.at, written_at),
        reason=_reason(row, files, meaning),
        detail=_detail(row, files, code),
        final=meaning.final,
        raw=msgspec.json.encode(_kept(row, files)),
    )
    return Told(key=key, event=event)


def _moment(row: Row, at: MomentColumn, written_at: datetime | None) -> datetime:
    if at.column is None:
        if written_at is None:
            raise ValueError("it tells no time, nor does the server of the file")
        return written_at
    told = row.get(at.column, "")
    try:
        moment = datetime.fromisoformat(told) if at.format is None else datetime.strptime(told, at.format)  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise ValueError(f"column {at.column} is no time as the settings write it") from None
    try:
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=at.zone)
    except OverflowError:
        raise ValueError(f"column {at.column} is no time") from None


def _reason(row: Row, files: StatusFiles, meaning: Meaning) -> DeliveryReason | None:
    if meaning.reason is None or files.reason is None:
        return meaning.reason
    return REASONS.get(files.reason.words.get(row.get(files.reason.column, ""), ""), meaning.reason)


def _detail(row: Row, files: StatusFiles, code: str) -> str:
    """Return the codes; a free text may quote the letter and stays in `raw`."""
    why = row.get(files.reason.column, "") if files.reason else ""
    return ": ".join([files.name, *(word for word in (code, why) if _CODE.fullmatch(word))])


def _kept(row: Row, files: StatusFiles) -> dict[str, object]:
    proposal = {name: told for name, column in files.new_address.items() if (told := row.get(column, ""))}
    return {"row": row, **({"new_address": proposal} if proposal else {})}
