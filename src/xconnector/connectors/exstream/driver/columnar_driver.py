"""Columnar drivers: records whose values stand in columns of a fixed width, as mainframes write them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from xconnector.connectors.exstream.driver.charset import Encoding, charset
from xconnector.connectors.exstream.driver.column import ColumnarField, column_text
from xconnector.connectors.exstream.driver.form import DriverForm
from xconnector.connectors.exstream.driver.line_text import LINE_ENDS, LineEnd, blank_breaks, refuse_breaks
from xconnector.connectors.exstream.driver.media_type import MediaType
from xconnector.connectors.exstream.driver.records import (
    Column,
    IndicatorPlace,
    RecordKind,
    RecordSettings,
    RecordStyle,
    constant_column,
    each_of,
    path_inside,
    record_form,
    records_have_path,
    refuse_unclear_kinds,
    with_indicator,
)
from xconnector.connectors.exstream.driver.value import from_path
from xconnector.contract.settings import ConnectorSettings


class ColumnarRecord(RecordSettings):
    """One kind of record."""

    fields: tuple[Annotated[ColumnarField, BeforeValidator(from_path)], ...] = ()
    """Its values, in their order."""
    records: "tuple[ColumnarRecord, ...]" = ()
    """Kinds of records that follow each of this one; their paths start from its item."""

    @property
    def width(self) -> int:
        """How many columns it has."""
        return len(self.indicator or "") + sum(field.width for field in self.fields)


class ColumnarDriver(ConnectorSettings):
    """Columnar: records whose values stand in columns of a fixed width."""

    format: Literal["columnar"]
    encoding: Encoding = "utf-8"
    """How characters become bytes; a value with one that it lacks is refused."""
    media_type: MediaType = "text/plain"
    """What the file is called as it is sent; Exstream's documentation tells none."""
    line_end: LineEnd = "lf"
    """After each record; `nel` is the new line of EBCDIC (hexadecimal 15), `none` is for records of one length."""
    line_breaks: Literal["refuse", "blank"] = "refuse"
    """What becomes of a line break or tab in a value: its customer is refused, or a space stands there."""
    widths: Literal["characters", "bytes"] = "characters"
    """What a width counts where characters have several bytes."""
    record_length: Annotated[int, Field(ge=1, le=32_760)] | None = None
    """Every record is filled with spaces to this length."""
    indicator_place: IndicatorPlace = 1
    """As which field of a record its indicator stands, counted from 1; it is as wide as it is long."""
    records: Annotated[tuple[ColumnarRecord, ...], Field(min_length=1)]
    """The kinds of records, in the order in which they are written for each customer."""

    @model_validator(mode="after")
    def _records_fit(self) -> Self:
        refuse_unclear_kinds(self.records)
        kinds = list(_all(self.records))
        if any(kind.width == 0 for kind in kinds):
            raise ValueError("a kind of record has neither `indicator` nor `fields`")
        widest = max(kind.width for kind in kinds)
        if self.record_length is not None and widest > self.record_length:
            raise ValueError(f"a kind of record has {widest} columns, more than its `record_length`")
        if self.line_end == "none" and self.record_length is None and len({kind.width for kind in kinds}) > 1:
            raise ValueError("records without `line_end` have one length: write `record_length`")
        return self

    @model_validator(mode="after")
    def _signs_can_be_spelled(self) -> Self:
        used = charset(self.encoding)
        if self.widths == "bytes" and used.name.startswith("utf-16"):
            raise ValueError("in UTF-16 a width counts characters: write `widths: characters`")
        for kind in _all(self.records):
            signs = "".join([kind.indicator or "", *(field.pad for field in kind.fields)])
            if not used.has(signs):
                raise ValueError(f"the encoding {used.name} cannot spell an `indicator` or `pad`")
            if self.widths == "bytes" and not signs.isascii() and not used.has_one_byte_characters:
                raise ValueError("where widths count bytes, an `indicator` or `pad` is ASCII")
        return self

    def carries(self, path: str) -> bool:
        """Say whether what stands at a path of the data is written whole for each customer."""
        return records_have_path(self.records, path)

    @cached_property
    def form(self) -> DriverForm:
        """The layout, ready to be written by."""
        return record_form([_kind(record, self) for record in self.records], _style(self))


def _all(records: Sequence[ColumnarRecord]) -> Iterator[ColumnarRecord]:
    for record in records:
        yield record
        yield from _all(record.records)


def _style(layout: ColumnarDriver) -> RecordStyle:
    return RecordStyle(
        media_type=layout.media_type,
        charset=charset(layout.encoding),
        line_end=LINE_ENDS[layout.line_end],
        joined="".join,
    )


def _kind(record: ColumnarRecord, layout: ColumnarDriver, within: str = "") -> RecordKind:
    inside = path_inside(record, within)
    tidy = refuse_breaks if layout.line_breaks == "refuse" else blank_breaks
    # Where every character is one byte there is nothing to count.
    counted = charset(layout.encoding) if layout.widths == "bytes" and layout.encoding.startswith("utf-") else None
    columns = [
        Column(name=field.name_in(inside), text=column_text(field, inside, tidy, counted)) for field in record.fields
    ]
    indicator = None if record.indicator is None else constant_column(record.indicator)
    missing = (layout.record_length or record.width) - record.width
    rest = (constant_column(" " * missing),) if missing else ()
    return RecordKind(
        columns=(*with_indicator(columns, indicator, layout.indicator_place), *rest),
        each=each_of(record),
        inner=tuple(_kind(inner, layout, inside) for inner in record.records),
    )
