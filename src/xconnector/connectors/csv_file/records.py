"""Rows into records: each row by itself, or consecutive rows of one key together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from xconnector.connectors.csv_file.rows import Row, is_trailer, open_csv, read_rows
from xconnector.connectors.csv_file.settings import CsvFileSettings, GroupSettings
from xconnector.contract.errors import PermanentError

KEY_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableRecord:
    """A record with its key."""

    line: int
    key: str
    payload: bytes = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRecord:
    """A record that is set aside; where its cells could be read, they still count in the sums."""

    line: int
    key: str | None
    payload: bytes = field(repr=False)
    data: Mapping[str, Any] | None = field(repr=False)
    reason: str


Record: TypeAlias = ReadableRecord | UnreadableRecord


class RecordReader:
    """Every record of one file, in its order. Iterating reads the file from its start."""

    def __init__(self, path: Path, settings: CsvFileSettings) -> None:
        self._path = path
        self._settings = settings

    def __iter__(self) -> Iterator[Record]:
        with open_csv(self._path) as file:
            rows = read_rows(file, self._path, self._settings)
            header = self._header(next(rows, None))
            records = (self._record(row, header) for row in self._before_trailer(rows))
            if self._settings.group is None:
                yield from records
            else:
                yield from _grouped(records, self._settings, self._settings.group)

    def _header(self, row: Row | None) -> Sequence[str]:
        if row is None or row.wrong:
            raise PermanentError(f"{self._path.name} has no readable header row: {row.wrong if row else 'it is empty'}")
        header = [cell.strip() for cell in row.cells]
        if repeated := sorted({name for name in header if header.count(name) > 1}):
            raise PermanentError(f"{self._path.name}, line {row.line}: column {', '.join(repeated)} stands there twice")
        if missing := [name for name in self._needed() if name not in header]:
            raise PermanentError(
                f"{self._path.name}, line {row.line}: column {', '.join(missing)} is missing. "
                f"The header has {len(header)} columns separated by {self._settings.delimiter!r}; "
                "check `delimiter:` and the columns that the connection names"
            )
        return header

    def _needed(self) -> Iterator[str]:
        group = self._settings.group
        yield from self._settings.key
        yield from self._settings.columns
        yield from group.columns if group else ()
        if group is None:
            yield from (name.strip('"') for name in self._settings.control.sums)

    def _before_trailer(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if not is_trailer(row.cells, self._settings):
                yield row
            elif after := next(rows, None):
                raise PermanentError(
                    f"{self._path.name}, line {after.line}: rows follow the trailer in line {row.line}; "
                    "two files may have been joined"
                )

    def _record(self, row: Row, header: Sequence[str]) -> Record:
        if row.wrong:
            return UnreadableRecord(line=row.line, key=None, payload=row.payload, data=None, reason=_at(row, row.wrong))
        if len(row.cells) != len(header):
            wrong = f"{len(row.cells)} cells where the header has {len(header)} columns"
            return UnreadableRecord(line=row.line, key=None, payload=row.payload, data=None, reason=_at(row, wrong))
        data = dict(zip(header, row.cells, strict=True))
        parts = [data[name].strip() for name in self._settings.key]
        key = "/".join(parts)
        if not all(parts):
            empty = [name for name, part in zip(self._settings.key, parts, strict=True) if not part]
            wrong = f"the record has no key: {', '.join(empty)} is empty"
        elif len(key) > KEY_LIMIT:
            wrong = f"the record's key has more than {KEY_LIMIT} characters"
        else:
            return ReadableRecord(line=row.line, key=key, payload=row.payload, data=data)
        return UnreadableRecord(line=row.line, key=None, payload=row.payload, data=data, reason=_at(row, wrong))


def _at(row: Row, wrong: str) -> str:
    return f"line {row.line}: {wrong}"


def _grouped(rows: Iterator[Record], settings: CsvFileSettings, group: GroupSettings) -> Iterator[Record]:
    """Join consecutive rows of one key.

    A row that cannot be read may belong to the record before it or behind it: both are set aside,
    rather than making a document that lacks a row.
    """
    in_hand: _Group | None = None
    for row in rows:
        if in_hand is not None and in_hand.takes(row):
            in_hand.add(row)
            continue
        spoiled = None
        if in_hand is not None:
            yield in_hand.record()
            spoiled = in_hand.last_wrong
        in_hand = _Group(row, settings, group, spoiled)
    if in_hand is not None:
        yield in_hand.record()


class _Group:
    """The rows of one record, as they come."""

    def __init__(self, row: Record, settings: CsvFileSettings, group: GroupSettings, spoiled: str | None) -> None:
        self._limit = settings.record_limit
        self._group = group
        self._first = row
        self._key: str | None = None
        self._common: dict[str, Any] | None = None
        self._rows: list[dict[str, Any]] = []
        self._lines: list[bytes] = []
        self._size = 0
        self._wrong = f"the row before it cannot be read and may belong to it ({spoiled})" if spoiled else ""
        self.last_wrong: str | None = None
        self.add(row)

    def takes(self, row: Record) -> bool:
        """Say whether a row belongs here: one with this key, or one that nobody can place."""
        return row.key is None or row.key == self._key

    def add(self, row: Record) -> None:
        self.last_wrong = row.reason if isinstance(row, UnreadableRecord) else None
        if self._key is None:
            self._key = row.key
        if isinstance(row, UnreadableRecord):
            self._wrong = self._wrong or row.reason
        self._keep_bytes(row.payload)
        if row.data is not None:
            self._keep_cells(row.line, row.data)

    def _keep_bytes(self, payload: bytes) -> None:
        self._size += len(payload) + 1
        if self._size <= self._limit:
            self._lines.append(payload)
        else:
            self._wrong = self._wrong or f"the record has more than {self._limit} bytes"

    def _keep_cells(self, line: int, data: Mapping[str, Any]) -> None:
        own = {name: data[name] for name in self._group.columns}
        common = {name: cell for name, cell in data.items() if name not in own}
        if self._common is None:
            self._common = common
        elif common != self._common:
            differing = [name for name, cell in common.items() if cell != self._common[name]]
            self._wrong = self._wrong or f"line {line}: {', '.join(differing)} differs from the record's first row"
        if self._size <= self._limit:
            self._rows.append(own)

    def record(self) -> Record:
        payload = b"\n".join(self._lines)
        data = None if self._common is None else {**self._common, self._group.name: self._rows}
        if self._wrong or data is None or self._key is None:
            return UnreadableRecord(
                line=self._first.line, key=self._key, payload=payload, data=data, reason=self._wrong
            )
        return ReadableRecord(line=self._first.line, key=self._key, payload=payload, data=data)
