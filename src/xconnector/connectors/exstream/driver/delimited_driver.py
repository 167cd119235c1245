"""Delimited drivers: records whose values stand between delimiters."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from xconnector.connectors.exstream.driver.charset import Encoding, charset
from xconnector.connectors.exstream.driver.form import DriverForm
from xconnector.connectors.exstream.driver.line_text import LINE_ENDS, blank_breaks, keep_breaks, refuse_breaks
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
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.connectors.exstream.driver.value import Text, Value, from_path, text_of
from xconnector.connectors.exstream.naming import Word
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.strict_json import Json

_TIDY = {"refuse": refuse_breaks, "blank": blank_breaks, "quote": keep_breaks}
_Quoted = Callable[[str, str], str]
"""Returns text as it stands between delimiters. Raises RefusedError naming the path, the second argument."""


class DelimitedField(Value):
    """A value between delimiters."""

    name: Word | None = None
    """What the header calls it; left out: its path."""


DelimitedValue = Annotated[DelimitedField, BeforeValidator(from_path, json_schema_input_type=str | DelimitedField)]


class DelimitedRecord(RecordSettings):
    """One kind of record."""

    fields: tuple[DelimitedValue, ...] = ()
    """Its values, in their order."""
    records: "tuple[DelimitedRecord, ...]" = ()
    """Kinds of records that follow each of this one; their paths start from its item."""


class DelimitedDriver(ConnectorSettings):
    """Delimited: records whose values stand between delimiters."""

    format: Literal["delimited"]
    encoding: Encoding = "utf-8"
    """How characters become bytes; a value with one that it lacks is refused."""
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1, pattern=r"^[^A-Za-z0-9\r\n\x7f-\x9f]$")] = (
        ","
    )
    """Between two values; a tab is written "\\t" in double quotes."""
    quote: Annotated[str, StringConstraints(min_length=1, max_length=1, pattern=r"^[^A-Za-z0-9\s]$")] = '"'
    """Around a value, and twice for one inside it."""
    quoting: Literal["as_needed", "always", "never"] = "as_needed"
    """Which values are quoted: those with a delimiter, a quote, a line break or spaces at an end; all; or none, and
    a value with a delimiter or quote is refused."""
    line_breaks: Literal["refuse", "blank", "quote"] = "refuse"
    """What becomes of a line break or tab in a value: its customer is refused, or a space stands there, or it stays
    between quotes."""
    line_end: Literal["lf", "crlf", "nel"] = "lf"
    """After each record; `nel` is the new line of EBCDIC (hexadecimal 15)."""
    media_type: MediaType = "text/csv"
    """What the file is called as it is sent; `text/csv` is usual (RFC 4180), Exstream's documentation tells none."""
    header: bool = False
    """Begin the file with the names of the fields; for drivers of one kind of record."""
    indicator_place: IndicatorPlace = 1
    """As which value of a record its indicator stands, counted from 1."""
    records: Annotated[tuple[DelimitedRecord, ...], Field(min_length=1)]
    """The kinds of records, in the order in which they are written for each customer."""

    @model_validator(mode="after")
    def _records_fit(self) -> Self:
        refuse_unclear_kinds(self.records)
        kinds = list(_all(self.records))
        if any(not kind.fields and kind.indicator is None for kind in kinds):
            raise ValueError("a kind of record has neither `indicator` nor `fields`")
        if self.header and (len(kinds) > 1 or kinds[0].indicator is not None):
            raise ValueError("`header` is for drivers of one kind of record, without `indicator`")
        return self

    @model_validator(mode="after")
    def _no_record_is_empty(self) -> Self:
        for kind in _all(self.records):
            if self.quoting == "never" and kind.indicator is None and not any(field.required for field in kind.fields):
                raise ValueError("where nothing is quoted, a kind of record has an `indicator` or a `required` field")
        return self

    @model_validator(mode="after")
    def _signs_fit(self) -> Self:
        if self.delimiter == self.quote:
            raise ValueError("`delimiter` and `quote` are two different signs")
        if self.line_breaks == "quote" and self.quoting == "never":
            raise ValueError("`line_breaks: quote` needs quotes, and `quoting` is never")
        used = charset(self.encoding)
        indicators = [kind.indicator or "" for kind in _all(self.records)]
        if not used.has("".join([self.delimiter, self.quote, *indicators])):
            raise ValueError(f"the encoding {used.name} cannot spell `delimiter`, `quote` or an `indicator`")
        return self

    def carries(self, path: str) -> bool:
        """Say whether what stands at a path of the data is written whole for each customer."""
        return records_have_path(self.records, path)

    @cached_property
    def form(self) -> DriverForm:
        """The layout, ready to be written by."""
        return _form(self)


def _all(records: Sequence[DelimitedRecord]) -> Iterator[DelimitedRecord]:
    for record in records:
        yield record
        yield from _all(record.records)


def _form(layout: DelimitedDriver) -> DriverForm:
    quoted, end = _quoted_of(layout), LINE_ENDS[layout.line_end]
    names = [quoted(field.name or field.name_in(""), "header") for field in layout.records[0].fields]
    return record_form(
        [_kind(record, layout, quoted) for record in layout.records],
        RecordStyle(
            media_type=layout.media_type,
            charset=charset(layout.encoding),
            line_end=end,
            # Readers take a line without any sign for no record.
            joined=lambda values: layout.delimiter.join(values) or layout.quote * 2,
            header=layout.delimiter.join(names) + end if layout.header else "",
        ),
    )


def _kind(record: DelimitedRecord, layout: DelimitedDriver, quoted: _Quoted, within: str = "") -> RecordKind:
    inside = path_inside(record, within)
    columns = [Column(name=field.name_in(inside), text=_text(field, inside, quoted)) for field in record.fields]
    indicator = None if record.indicator is None else constant_column(quoted(record.indicator, "indicator"))
    return RecordKind(
        columns=with_indicator(columns, indicator, layout.indicator_place),
        each=each_of(record),
        inner=tuple(_kind(inner, layout, quoted, inside) for inner in record.records),
    )


def _text(field: DelimitedField, within: str, quoted: _Quoted) -> Text:
    look, name = text_of(field, within), field.name_in(within)

    def text(item: Json, root: Json) -> str:
        return quoted(look(item, root), name)

    return text


def _quoted_of(layout: DelimitedDriver) -> _Quoted:
    tidy, quote = _TIDY[layout.line_breaks], layout.quote
    # Readers may trim what is not quoted.
    wanting = re.compile(rf"[{re.escape(layout.delimiter + quote)}\n\r\x0b\x0c\x85\u2028\u2029\t]|^\s|\s$")

    def always(text: str, name: str) -> str:
        return f"{quote}{tidy(text, name).replace(quote, quote * 2)}{quote}"

    def as_needed(text: str, name: str) -> str:
        return tidy(text, name) if wanting.search(text) is None else always(text, name)

    def never(text: str, name: str) -> str:
        tidied = tidy(text, name)
        if layout.delimiter in tidied or quote in tidied:
            raise RefusedError(name, "has a delimiter or quote, and `quoting` is never")
        return tidied

    return {"always": always, "as_needed": as_needed, "never": never}[layout.quoting]
