"""Decision tables: the first row that fits wins, and it can be told which one and why.

A table is closed: its cells know equality, lists, negation, comparison and range, so that it can be
checked before it is used. Evaluation is total or an error: an input that a row has to look at and
that is not given, or is of another kind than the column, is never taken for "does not fit".
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeAlias

Value: TypeAlias = str | Decimal | date | bool
"""What a cell can speak of."""


class DecisionError(Exception):
    """The table gives no answer; the message names inputs, never their values."""


class NoRowFitsError(DecisionError):
    """The table has no row for these inputs: it must be completed."""


class MissingInputError(DecisionError):
    """A row has to look at an input that this communication does not have."""


class InputKindError(DecisionError):
    """An input is of another kind than its column."""


class Kind(StrEnum):
    """The kind of value a column speaks of."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes/no"
    ANY = "any"
    """No cell says a value, so that every kind fits."""


@dataclass(frozen=True, slots=True)
class AnyValue:
    """`-`: fits whatever is there, and when nothing is there."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """`a, b`, or with `not` all others: nothing fits `not` as well, unless `none` is listed."""

    values: frozenset[Value]
    includes_none: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Within:
    """A comparison (`> 5`) or a range with both ends (`5..10`); nothing never fits."""

    low: Decimal | date | None = None
    high: Decimal | date | None = None
    includes_low: bool = True
    includes_high: bool = True


Cell: TypeAlias = AnyValue | OneOf | Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule."""

    id: str
    when: tuple[Cell, ...]
    """One cell for each input of the table."""
    then: Mapping[str, str]
    """By output."""
    cite: str | None = None
    """The rule or law behind it."""
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The row that fits, and what it says."""

    row: Row
    outputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class DecisionTable:
    """A table, typed and in its rows' order."""

    name: str
    inputs: tuple[str, ...]
    kinds: tuple[Kind, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...] = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """Digest of what the table decides, without its layout and notes."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def canonical(self) -> str:
        """The table as one JSON text that does not depend on how it was laid out."""
        content = {
            "name": self.name,
            "inputs": [{"name": name, "kind": kind} for name, kind in zip(self.inputs, self.kinds, strict=True)],
            "outputs": self.outputs,
            "rows": [
                {"id": row.id, "when": [spelled(cell) for cell in row.when], "then": dict(row.then), "cite": row.cite}
                for row in self.rows
            ],
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @cached_property
    def compiled(self) -> "Callable[[Mapping[str, Any]], Match]":
        """The same decision as `decide_plainly`, prepared for many calls."""
        return _compile(self)


def decide(table: DecisionTable, inputs: Mapping[str, Any]) -> Match:
    """Return the first row that fits.

    Inputs are looked up by name; None is "nothing is there", a name that is not in the mapping is missing.
    Raises NoRowFitsError, MissingInputError or InputKindError.
    """
    return table.compiled(inputs)


def decide_plainly(table: DecisionTable, inputs: Mapping[str, Any]) -> Match:
    """Decide row by row and cell by cell, from left to right: what `decide` must always agree with."""
    for row in table.rows:
        if all(
            _fits(cell, name, kind, inputs)
            for cell, name, kind in zip(row.when, table.inputs, table.kinds, strict=True)
        ):
            return Match(row=row, outputs=row.then)
    raise _no_row(table)


def fits_value(cell: Cell, value: Value | None) -> bool:
    """Say whether a value of the column's kind, or nothing, fits a cell."""
    match cell:
        case AnyValue():
            return True
        case OneOf():
            listed = cell.includes_none if value is None else value in cell.values
            return listed is not cell.negated
        case Within():
            return value is not None and _is_within(cell, value)


def unreachable_rows(table: DecisionTable) -> Iterator[tuple[Row, Row]]:
    """Yield each row that can never win, with the earlier row that takes everything it would fit.

    Only what a single earlier row covers is found, cell by cell; no false alarm is given.
    """
    for index, row in enumerate(table.rows):
        for earlier in table.rows[:index]:
            if all(_covers(wide, narrow) for wide, narrow in zip(earlier.when, row.when, strict=True)):
                yield row, earlier
                break


def spelled(cell: Cell) -> str:
    """Return a cell in its one canonical spelling."""
    match cell:
        case AnyValue():
            return "-"
        case OneOf():
            listed = sorted(_spelled_value(value) for value in cell.values)
            words = [*(["none"] if cell.includes_none else []), *listed]
            return f"{'not ' if cell.negated else ''}{', '.join(words)}"
        case Within(low=low, high=None):
            return f"{'>=' if cell.includes_low else '>'} {low}"
        case Within(low=None, high=high):
            return f"{'<=' if cell.includes_high else '<'} {high}"
        case Within():
            return f"{cell.low}..{cell.high}"


def _spelled_value(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value.isoformat()


def _fits(cell: Cell, name: str, kind: Kind, inputs: Mapping[str, Any]) -> bool:
    if isinstance(cell, AnyValue):
        return True
    if name not in inputs:
        raise MissingInputError(f"input {name} is needed and this communication has none of this name")
    return fits_value(cell, _of_kind(inputs[name], name, kind))


def _of_kind(given: object, name: str, kind: Kind) -> Value | None:
    """Return an input as a value of its column's kind, None for nothing.

    Raises InputKindError.
    """
    if given is None:
        return None
    value = _READERS[kind](given)
    if value is None:
        raise InputKindError(f"input {name} is not of the kind {kind}, of which its column speaks")
    return value


def _text(given: object) -> Value | None:
    return given if isinstance(given, str) else None


def _number(given: object) -> Value | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, Decimal):
        return given if given.is_finite() else None
    if isinstance(given, (int, float, str)):
        try:
            number = Decimal(str(given))
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    return None


def _date(given: object) -> Value | None:
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            return None
    return None


def _yes_no(given: object) -> Value | None:
    return given if isinstance(given, bool) else None


def _as_given(given: object) -> Value | None:
    return given if isinstance(given, (str, Decimal, date, bool)) else str(given)


_READERS: dict[Kind, Callable[[object], Value | None]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.YES_NO: _yes_no,
    Kind.ANY: _as_given,
}


def _is_within(cell: Within, value: Value) -> bool:
    # Both sides are of the column's kind, so that they compare.
    given: Any = value
    above = cell.low is None or bool(given >= cell.low if cell.includes_low else given > cell.low)
    below = cell.high is None or bool(given <= cell.high if cell.includes_high else given < cell.high)
    return above and below


def _covers(wide: Cell, narrow: Cell) -> bool:
    """Say whether everything that fits `narrow` surely fits `wide`."""
    if isinstance(wide, AnyValue) or wide == narrow:
        return True
    if isinstance(narrow, OneOf) and not narrow.negated:
        nothing = not narrow.includes_none or fits_value(wide, None)
        return nothing and all(fits_value(wide, value) for value in narrow.values)
    return False


def _no_row(table: DecisionTable) -> NoRowFitsError:
    return NoRowFitsError(
        f"no row of table {table.name} fits these values of {', '.join(table.inputs)}: "
        "add a row for them, or a last row that takes the rest"
    )


def _compile(table: DecisionTable) -> Callable[[Mapping[str, Any]], Match]:
    """Turn the table by ninety degrees: each column answers with a bit for every row that its value fits.

    The lowest bit that all columns leave is the row. Whatever is irregular (a missing input, one of
    another kind) is decided plainly, so that both ways always say the same.
    """
    matches = tuple(Match(row=row, outputs=row.then) for row in table.rows)
    columns = [
        (name, _column(kind, [row.when[at] for row in table.rows]))
        for at, (name, kind) in enumerate(zip(table.inputs, table.kinds, strict=True))
        if any(not isinstance(row.when[at], AnyValue) for row in table.rows)
    ]
    every = (1 << len(table.rows)) - 1

    def decide_by_bits(inputs: Mapping[str, Any]) -> Match:
        rows = every
        try:
            for name, fitting in columns:
                rows &= fitting(inputs[name])
        except (KeyError, TypeError):
            return decide_plainly(table, inputs)
        if not rows:
            return decide_plainly(table, inputs)
        return matches[(rows & -rows).bit_length() - 1]

    return decide_by_bits


def _column(kind: Kind, cells: Sequence[Cell]) -> Callable[[Any], int]:
    """Return the function from a value to the bits of the rows whose cell it fits.

    It raises TypeError for a value of another kind.
    """
    none_bits = _bits(cells, None)
    known: dict[Value, int] = {
        value: _bits(cells, value) for cell in cells if isinstance(cell, OneOf) for value in cell.values
    }
    ranges = [(1 << at, cell) for at, cell in enumerate(cells) if isinstance(cell, Within)]
    # A value that no list names: the same answer for all of them, but for the ranges.
    other_bits = sum(
        1 << at
        for at, cell in enumerate(cells)
        if isinstance(cell, AnyValue) or (isinstance(cell, OneOf) and cell.negated)
    )
    read = _READERS[kind]

    def fitting(given: Any) -> int:  # noqa: ANN401 - an input may be anything until it is read
        if given is None:
            return none_bits
        value = read(given)
        if value is None:
            raise TypeError
        bits = known.get(value)
        if bits is not None:
            return bits
        bits = other_bits
        for bit, cell in ranges:
            if _is_within(cell, value):
                bits |= bit
        return bits

    return fitting


def _bits(cells: Sequence[Cell], value: Value | None) -> int:
    return sum(1 << at for at, cell in enumerate(cells) if fits_value(cell, value))
