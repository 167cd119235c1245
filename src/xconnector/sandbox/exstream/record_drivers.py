"""Drivers of records, delimited or columnar: which records make a customer, and what each of their values is."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, Self, TypeVar

from xconnector.connectors.exstream.driver.columnar_driver import ColumnarDriver
from xconnector.connectors.exstream.driver.delimited_driver import DelimitedDriver, DelimitedRecord
from xconnector.connectors.exstream.driver.value import Value
from xconnector.sandbox.exstream.columns import values_of
from xconnector.sandbox.exstream.driver_text import lines, texts
from xconnector.sandbox.exstream.driver_values import Target, list_at, put_value
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

_ENDS = {"lf": "\n", "crlf": "\r\n", "nel": "\x85"}


class _Declared(Protocol):
    """A kind of record as a project declares it."""

    @property
    def fields(self) -> Sequence[Value]: ...
    @property
    def each(self) -> str | None: ...
    @property
    def records(self) -> Sequence[Self]: ...


_Settings = TypeVar("_Settings", bound=_Declared)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Kind:
    """One kind of record, and the kind that it follows."""

    fields: Sequence[Value]
    each: str | None
    parent: "_Kind | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    kind: _Kind
    values: Sequence[str]


def delimited_customers(layout: DelimitedDriver, driver: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the data of each customer. Raises UnreadableDriverError."""
    return _customers(_delimited_records(layout, driver))


def columnar_customers(layout: ColumnarDriver, driver: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the data of each customer. Raises UnreadableDriverError."""
    return _customers(_columnar_records(layout, driver))


def _customers(records: Iterator[_Record]) -> Iterator[dict[str, Any]]:
    """Put records together: the first kind begins each customer, and others belong to what stands before them."""
    root: Target | None = None
    opening: _Kind | None = None
    current: dict[_Kind, Target] = {}
    for record in records:
        kind = record.kind
        opening = opening or kind
        if kind is opening:
            if root is not None:
                yield root
            root, current = {}, {}
        assert root is not None
        around = root if kind.parent is None else current.get(kind.parent)
        if around is None:
            raise UnreadableDriverError("a record stands without the one that it belongs to")
        current[kind] = _item(record, around, root)
    if root is not None:
        yield root


def _item(record: _Record, around: Target, root: Target) -> Target:
    """Return what a record's values were put into: a new item of its list, or what surrounds it."""
    item: Target = around if record.kind.each is None else {}
    for field, value in zip(record.kind.fields, record.values, strict=True):
        put_value(field, value, item, root)
    if record.kind.each is not None:
        list_at(record.kind.each, around, root).append(item.get(".", item))
    return item


def _delimited_records(layout: DelimitedDriver, driver: BinaryIO) -> Iterator[_Record]:
    kinds = list(_kinds(layout.records, None))
    # The reader takes a line break inside quotes only with its sign, which ends of lines are made to be.
    ended = (f"{line}\n" for line in lines(driver, layout.encoding, _ENDS[layout.line_end]))
    rows = csv.reader(
        ended,
        delimiter=layout.delimiter,
        quotechar=layout.quote,
        doublequote=True,
        quoting=csv.QUOTE_NONE if layout.quoting == "never" else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        if layout.header:
            next(rows, None)
        for row in rows:
            yield _delimited_record(row, kinds, layout.indicator_place)
    except csv.Error:
        raise UnreadableDriverError("a record of the driver is not delimited as the layout says") from None


def _delimited_record(row: Sequence[str], kinds: Sequence[tuple[_Kind, DelimitedRecord]], place: int) -> _Record:
    for kind, settings in kinds:
        if settings.indicator is None:
            if len(row) in {len(kind.fields), max(1, len(kind.fields))}:
                return _Record(kind=kind, values=row)
            continue
        at = min(place - 1, len(kind.fields))
        if len(row) == len(kind.fields) + 1 and row[at] == settings.indicator:
            return _Record(kind=kind, values=[*row[:at], *row[at + 1 :]])
    raise UnreadableDriverError("a record of the driver is of no kind that the layout has")


def _columnar_records(layout: ColumnarDriver, driver: BinaryIO) -> Iterator[_Record]:
    kinds = list(_kinds(layout.records, None))
    in_bytes = layout.widths == "bytes" and layout.encoding.startswith("utf-8")
    for line in _columnar_lines(layout, driver):
        for kind, settings in kinds:
            values = values_of(line, settings, layout.indicator_place, in_bytes=in_bytes)
            if values is not None:
                yield _Record(kind=kind, values=values)
                break
        else:
            raise UnreadableDriverError("a record of the driver is of no kind that the layout has")


def _columnar_lines(layout: ColumnarDriver, driver: BinaryIO) -> Iterator[str]:
    if layout.line_end != "none":
        yield from lines(driver, layout.encoding, _ENDS[layout.line_end])
        return
    length = layout.record_length or layout.records[0].width
    in_bytes = layout.widths == "bytes" and layout.encoding.startswith("utf-8")
    rest = ""
    for text in texts(driver, layout.encoding):
        rest += text
        while len(line := _first(rest, length, in_bytes=in_bytes)) > 0:
            yield line
            rest = rest[len(line) :]
    if rest:
        raise UnreadableDriverError("the driver ends in the middle of a record")


def _first(text: str, length: int, *, in_bytes: bool) -> str:
    """Return the first record of a text; empty when it is not whole."""
    if not in_bytes:
        return text[:length] if len(text) >= length else ""
    encoded = text[:length].encode()[:length]
    return encoded.decode(errors="ignore") if len(encoded) == length else ""


def _kinds(records: Sequence[_Settings], parent: _Kind | None) -> Iterator[tuple[_Kind, _Settings]]:
    for settings in records:
        kind = _Kind(fields=settings.fields, each=settings.each, parent=parent)
        yield kind, settings
        yield from _kinds(settings.records, kind)
