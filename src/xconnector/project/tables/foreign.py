"""Tables of other products, in the terms that both have: columns, rows, and cells as we would write them."""

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from xconnector.domain.decision.axis import axis_of
from xconnector.domain.decision.cell_text import word_for
from xconnector.domain.decision.cells import AnyValue, Cell, OneOf, Within, kinds_of
from xconnector.domain.decision.table import DecisionTable, Domain
from xconnector.domain.decision.values import Kind, Value, kind_of, spelled_number
from xconnector.project.tables.limits import MOST_COLUMNS, MOST_ROWS
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable

DAY = "day"
"""The input of an exported table that rows with `from` and `to` look at."""

_MOST_SHOWN = 200
_TEXT_FOR_DAY = (Kind.TEXT, Kind.DATE)
_WORDS = ("from", "to", "cite", "owner", "note")
_OURS = re.compile(r"[a-z][a-z0-9_]*(?:[. ][A-Za-z0-9_]+)*")
_OUR_OUTPUT = re.compile(r"[a-z][a-z0-9_]*(?: [a-z0-9_]+)*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ODD = re.compile(r"[^a-z0-9_]+")


class UnsayableError(ValueError):
    """The other form cannot say what our table says, or ours not what theirs says; the message tells what and why."""


def shown(text: str) -> str:
    """Return a cell in quotes, as a finding tells it: long ones in part."""
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


@contextmanager
def telling(place: str) -> Generator[None]:
    """Tell where it is that something cannot be said."""
    try:
        yield
    except UnsayableError as wrong:
        raise UnsayableError(f"{place}: {wrong}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignColumn:
    """An input or output, in our words."""

    name: str
    type: str
    domain: str = "-"
    """The domain of an input, the values of an output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignRow:
    """A row, with its cells as we would write them."""

    line: int
    id: str
    when: Sequence[str]
    then: Sequence[str]
    words: Mapping[str, str]
    """By column: cite, owner, note, from, to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTable:
    """A table of another product, in our words."""

    line: int
    """Where it begins in its file."""
    inputs: Sequence[ForeignColumn]
    outputs: Sequence[ForeignColumn]
    rows: Sequence[ForeignRow]
    settings: Mapping[str, str]
    about: str = ""
    tests: Grid | None = None


def written_of(name: str, file: str, table: ForeignTable) -> WrittenTable:
    """Return the table as it would be written by hand."""
    line, inputs, outputs = table.line, table.inputs, table.outputs
    header = ["row", *(f"when {one.name}" for one in inputs), *(f"then {one.name}" for one in outputs), *_WORDS]
    lines = [
        Line(number=row.line, cells=[row.id, *row.when, *row.then, *(row.words.get(word, "") for word in _WORDS)])
        for row in table.rows
    ]
    grids = {
        Part.ROWS: Grid(header=Line(number=line, cells=header), lines=lines),
        Part.INPUTS: _declared(["input", "type", "domain"], line, inputs),
        Part.OUTPUTS: _declared(["output", "type", "values"], line, outputs),
    }
    if table.tests is not None:
        grids[Part.TESTS] = table.tests
    return WrittenTable(
        name=name,
        file=file,
        about=table.about,
        settings={key: Setting(number=line, text=text) for key, text in table.settings.items()},
        grids={part: grid for part, grid in grids.items() if grid.lines or part is Part.ROWS},
    )


def our_name(text: str, *, is_output: bool = False) -> str:
    """Return a name that our tables can have: `Applicant Age` becomes `applicant_age`, `firstName` `first_name`.

    Raises UnsayableError where nothing of it can stand in a name.
    """
    if (_OUR_OUTPUT if is_output else _OURS).fullmatch(text):
        return text
    parts = [_ODD.sub("_", _HUMP.sub("_", part).lower()).strip("_") for part in text.split(".")]
    name = ("_" if is_output else ".").join(part for part in parts if part)
    if not _OURS.fullmatch(name):
        raise UnsayableError(f"no name can be made of {text!r}: it begins with a letter, such as customer.age")
    return name


def refuse_large(rows: int, columns: int) -> None:
    """Refuse a table that is larger than ours may be, before it costs time.

    Raises UnsayableError.
    """
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise UnsayableError(f"the table has more than {MOST_ROWS} rows or {MOST_COLUMNS} columns")


def our_ids(ids: Sequence[str]) -> Sequence[str]:
    """Return an id for each row: its own where our tables can have it, else R and its place."""
    known = frozenset(ids)
    taken: set[str] = set()
    ours: list[str] = []
    for at, own in enumerate(ids, start=1):
        is_fit = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", own) is not None
        found = own if is_fit and own not in taken else f"R{at}"
        while found in taken or (found != own and found in known):
            found += "a"
        taken.add(found)
        ours.append(found)
    return ours


def kind_of_column(cells: Iterable[Cell]) -> Kind:
    """Return the kind that the cells of a column speak of; the first where they differ, which reading complains of."""
    return next((kind for cell in cells for kind in sorted(kinds_of(cell))), Kind.ANY)


def kind_of_type(type_: str) -> Kind | None:
    """Return the kind of a type as our tables write it; None where it is none of ours."""
    word = type_.partition(" ")[0]
    if word == "integer":
        return Kind.NUMBER
    return Kind(word) if word in {*Kind} else None


def output_word(value: Value | None, kind: Kind, *, days_are_text: bool = False) -> str:
    """Return what a row says, as our tables write it in a column of this kind.

    Raises UnsayableError for what is of another kind.
    """
    if value is None and kind is not Kind.TEXT:
        return word_for(value)
    if value is None or not (kind_of(value) is kind or (days_are_text and (kind_of(value), kind) == _TEXT_FOR_DAY)):
        raise UnsayableError(f"the column speaks of {kind}, and every row says something of it")
    return value if isinstance(value, str) else word_for(value)


def without_negated_ranges(cell: Cell, kind: Kind) -> Cell:
    """Return the same cell without a negated range, of which others say nothing when nothing is there."""
    if isinstance(cell, AnyValue) or not (cell.negated and cell.ranges):
        return cell
    axis = axis_of(Domain(kind=kind), [cell])
    return axis.cell(axis.pieces(cell))


def days_of(cell: Cell) -> Mapping[str, str]:
    """Return `from` and `to` of a row that counts on the days of a cell.

    Raises UnsayableError where they are not one span.
    """
    match cell:
        case AnyValue():
            ends = (None, None)
        case OneOf(values=values, includes_none=False, negated=False) if len(values) == 1 and not cell.ranges:
            (day,) = values
            ends = (day, day)
        case OneOf(ranges=ranges, includes_none=False, negated=False) if len(ranges) == 1 and not cell.values:
            (span,) = ranges
            ends = _closed(span)
        case _:
            raise _no_span()
    if not all(end is None or isinstance(end, date) for end in ends):
        raise _no_span()
    return {word: f"{end}" for word, end in zip(("from", "to"), ends, strict=True) if end is not None}


def names_over_there(table: DecisionTable, is_name: Callable[[str], bool] = bool) -> Sequence[str]:
    """Return the names of the inputs where dots mean data inside of data.

    A name that begins with another one, as `consent.basis` beside `consent`, or that is none over there, has
    underscores instead of dots and spaces.
    Raises UnsayableError where two would be called the same.
    """
    names = [_over_there(name, table.input_names, is_name) for name in table.input_names]
    days = [DAY] if table.is_dated else []
    for own, name in zip(table.input_names, names, strict=True):
        if not is_name(name):
            raise UnsayableError(f"input {own} cannot be called so over there: rename it")
        if days and name.partition(".")[0] == DAY:
            raise UnsayableError(f"the days on which rows count need an input {DAY!r} of their own: rename {own}")
        if names.count(name) > 1:
            raise UnsayableError(f"two inputs would be called {name} over there: rename one of them")
    return names


def _over_there(name: str, names: Iterable[str], is_name: Callable[[str], bool]) -> str:
    is_inside = any(name.startswith(f"{other}.") for other in names)
    return re.sub(r"[. ]", "_", name) if is_inside or not is_name(name) else name


def refuse_long(number: Decimal, most: int) -> None:
    """Refuse numbers that the other side would round.

    Raises UnsayableError.
    """
    digits = spelled_number(number).lstrip("-").replace(".", "").lstrip("0")
    if len(digits) > most:
        raise UnsayableError(f"the number {number:f} has more than {most} digits, which the other side would round")


def _declared(header: Sequence[str], line: int, columns: Iterable[ForeignColumn]) -> Grid:
    lines = [Line(number=line, cells=[one.name, one.type, one.domain]) for one in columns]
    return Grid(header=Line(number=line, cells=header), lines=lines)


def _closed(span: Within) -> tuple[Decimal | date | None, Decimal | date | None]:
    if (span.low is not None and not span.includes_low) or (span.high is not None and not span.includes_high):
        raise _no_span()
    return span.low, span.high


def _no_span() -> UnsayableError:
    return UnsayableError("a row counts from one day to another, both of them included")
