"""Drivers of records: a customer is one record, or several that an indicator tells apart."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, cast

from pydantic import Field, StringConstraints

from xconnector.connectors.exstream.driver.charset import Charset
from xconnector.connectors.exstream.driver.form import DriverForm
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.connectors.exstream.driver.value import DataPath, Text, full_path
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import RecordPath, items_of, parse_path
from xconnector.domain.strict_json import Json

Indicator = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]+$")]


class RecordSettings(ConnectorSettings):
    """One kind of record."""

    indicator: Indicator | None = None
    """What tells this kind from the others; needed where there are several."""
    each: DataPath | None = None
    """The list for each of whose items there is a record; its fields then start from the item. One thing counts as
    a list of one, and nothing as none."""


class _Placed(Protocol):
    @property
    def path(self) -> str | None: ...
    @property
    def is_kept_whole(self) -> bool: ...


class _Nested(Protocol):
    @property
    def indicator(self) -> str | None: ...
    @property
    def each(self) -> str | None: ...
    @property
    def fields(self) -> "Sequence[_Placed]": ...
    @property
    def records(self) -> "Sequence[_Nested]": ...


IndicatorPlace = Annotated[int, Field(ge=1, le=1000)]
"""As which field of a record the indicator stands, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One value of a record, as text that is ready to stand there."""

    name: str
    """What a refusal calls it."""
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKind:
    """One kind of record, ready to be written."""

    columns: tuple[Column, ...]
    each: RecordPath | None
    inner: "tuple[RecordKind, ...]"
    """Kinds that follow each record of this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStyle:
    """What all records of a driver have in common."""

    media_type: str
    charset: Charset
    line_end: str
    joined: Callable[[Sequence[str]], str]
    """Makes a record of its values."""
    header: str = ""
    """Before the first customer, with its line end."""


def refuse_unclear_kinds(kinds: Sequence[_Nested]) -> None:
    """Raise ValueError when a reader could tell neither customers nor kinds of records apart."""
    if kinds[0].each is not None:
        raise ValueError("the first kind of record begins each customer: it has no `each`")
    indicators = list(_indicators(kinds))
    if len(indicators) > 1 and None in indicators:
        raise ValueError("where there are several kinds of records, each has an `indicator`")
    if len(set(indicators)) < len(indicators):
        raise ValueError("two kinds of records have the same `indicator`")


def _indicators(kinds: Sequence[_Nested]) -> Iterator[str | None]:
    for kind in kinds:
        yield kind.indicator
        yield from _indicators(kind.records)


def records_have_path(kinds: Sequence[_Nested], path: str) -> bool:
    """Say whether what stands at a path from the top of the data is written whole for each customer."""
    wanted = path.removeprefix("/")
    return wanted in _paths(kinds, is_at_top=True)


def _paths(kinds: Sequence[_Nested], *, is_at_top: bool) -> Iterator[str]:
    for kind in kinds:
        starts_at_top = is_at_top and kind.each is None
        for field in kind.fields:
            is_from_top = field.path is not None and (starts_at_top or field.path.startswith("/"))
            if field.path is not None and is_from_top and field.is_kept_whole:
                yield field.path.removeprefix("/")
        yield from _paths(kind.records, is_at_top=starts_at_top)


def path_inside(record: RecordSettings, within: str) -> str:
    """Return the path of the items from which the record's fields start, as a refusal calls them."""
    return within if record.each is None else f"{full_path(record.each, within)}[*]"


def each_of(record: RecordSettings) -> RecordPath | None:
    """Return the way to the items for each of which there is a record."""
    return None if record.each is None else parse_path(record.each)


def constant_column(text: str) -> Column:
    """Return the column of an indicator."""
    return Column(name="an indicator", text=lambda _item, _root: text)


def with_indicator(columns: Sequence[Column], indicator: Column | None, place: int) -> tuple[Column, ...]:
    """Return a record's columns with the indicator at its place, which is the last in a shorter record."""
    if indicator is None:
        return tuple(columns)
    return (*columns[: place - 1], indicator, *columns[place - 1 :])


def record_form(kinds: Sequence[RecordKind], style: RecordStyle) -> DriverForm:
    """Return what writes customers as records of these kinds."""
    used, end = style.charset, style.line_end
    plan = [_Planned(kind, style.joined) for kind in kinds]
    opening = used.mark + used.encode(style.header)

    def customer(data: Mapping[str, Any]) -> bytes:
        top = cast("Json", data)
        lines: list[str] = []
        for kind in plan:
            kind.write(top, top, lines)
        try:
            return used.encode(f"{end.join(lines)}{end}")
        except UnicodeEncodeError:
            raise RefusedError(
                _lacking(kinds, top, used), f"has a character that the encoding {used.name} lacks"
            ) from None

    return DriverForm(
        media_type=style.media_type,
        opening=opening,
        separator=b"",
        closing=b"",
        customer=customer,
        single=lambda data: opening + customer(data),
    )


class _Planned:
    """Writes the records of one kind, and those that follow each of them."""

    __slots__ = ("_each", "_inner", "_joined", "_texts")

    def __init__(self, kind: RecordKind, joined: Callable[[Sequence[str]], str]) -> None:
        self._texts = [column.text for column in kind.columns]
        self._each = kind.each
        self._joined = joined
        self._inner = [_Planned(inner, joined) for inner in kind.inner]

    def write(self, item: Json, root: Json, lines: list[str]) -> None:
        for one in (item,) if self._each is None else items_of(self._each.walk(item, root)):
            lines.append(self._joined([text(one, root) for text in self._texts]))
            for inner in self._inner:
                inner.write(one, root, lines)


def _lacking(kinds: Sequence[RecordKind], data: Json, used: Charset) -> str:
    """Return the name of a value that the encoding cannot spell."""
    spelled = (column.name for column, text in _values(kinds, data, data) if not used.has(text))
    return next(spelled, "a value")


def _values(kinds: Sequence[RecordKind], item: Json, root: Json) -> Iterator[tuple[Column, str]]:
    for kind in kinds:
        for one in (item,) if kind.each is None else items_of(kind.each.walk(item, root)):
            for column in kind.columns:
                yield column, column.text(one, root)
            yield from _values(kind.inner, one, root)
