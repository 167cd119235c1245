"""Which rows of a table answer: plainly, cell by cell, and compiled, which always says the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias

from xconnector.domain.decision.cells import AnyValue, Cell, OneOf, fits_value
from xconnector.domain.decision.columns import column_of
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Input, Row, validity_of
from xconnector.domain.decision.values import Kind, Value, read_value

_MOST_COMPILED = 256

Inputs: TypeAlias = Mapping[str, Any]
"""By name; None is "nothing is there", a name that is not in the mapping is missing."""

DAYS = Domain(kind=Kind.DATE, cell=OneOf(includes_none=True, negated=True))
"""The days on which rows may count."""


class DecisionError(Exception):
    """The table gives no answer; the message names inputs, never their values."""

    place: str | None = None
    """Where it was asked, in the words of who asked several tables; None where nobody said."""


class NoRowFitsError(DecisionError):
    """The table has no row for these inputs: it must be completed."""


class SeveralRowsFitError(DecisionError):
    """A table that promises one row at most has several for these inputs."""


class MissingInputError(DecisionError):
    """A row has to look at an input that this communication does not have."""


class MissingDayError(DecisionError):
    """Rows count on some days only, and nobody said which day it is."""


class InputKindError(DecisionError):
    """An input is of another kind than its column."""


class OutsideDomainError(DecisionError):
    """An input is of the right kind and not among the values that the table was made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A row that answers, and what it says."""

    row: Row
    outputs: Mapping[str, Value | None]


def decide(table: DecisionTable, inputs: Inputs, *, on: date | None = None) -> Match:
    """Return the one row that answers, as of a day.

    Raises DecisionError. The table's hit policy is not `collect`.
    """
    return compiled(table).one(inputs, on)


def decide_all(table: DecisionTable, inputs: Inputs, *, on: date | None = None) -> tuple[Match, ...]:
    """Return every row that answers: all that fit for `collect`, one for the other hit policies.

    Raises DecisionError.
    """
    return compiled(table).all(inputs, on)


def decide_plainly(table: DecisionTable, inputs: Inputs, *, on: date | None = None) -> tuple[Match, ...]:
    """Decide row by row and cell by cell, from left to right: what `decide_all` must always agree with."""
    fitting = (row for row in rows_in_force(table, on) if _row_fits(row, table, inputs))
    match table.hit:
        case HitPolicy.COLLECT:
            return tuple(_match(row) for row in fitting)
        case HitPolicy.UNIQUE:
            return (_match(_only([*fitting], table)),)
        case HitPolicy.FIRST | HitPolicy.PRIORITY:
            return (_match(_first(fitting, table)),)


def rows_in_force(table: DecisionTable, on: date | None) -> Sequence[Row]:
    """Return the rows that count on a day, so that of those that fit the first one wins.

    Raises MissingDayError.
    """
    rows = table.in_order_of_precedence()
    if not table.is_dated:
        return rows
    if on is None:
        raise MissingDayError(f"table {table.name} has rows that count on some days only: say as of which day")
    return [row for row in rows if row.is_valid_on(on)]


def read_input(one: Input, inputs: Inputs) -> Value | None:
    """Return an input as a value of its domain, None for nothing.

    Raises MissingInputError, InputKindError or OutsideDomainError.
    """
    name = one.name
    if name not in inputs:
        raise MissingInputError(f"input {name} is needed and this communication has none of this name")
    given = inputs[name]
    value = None if given is None else read_value(given, one.domain.kind)
    if value is None and given is not None:
        raise InputKindError(f"input {name} is not of the kind {one.domain.kind}, of which its column speaks")
    if not one.domain.holds(value):
        said = "there, and its domain has no none" if value is None else "in the domain of its column"
        raise OutsideDomainError(f"input {name} is not {said}: mend the source, or add it to the table's domain")
    return value


def _row_fits(row: Row, table: DecisionTable, inputs: Inputs) -> bool:
    return all(_cell_fits(cell, one, inputs) for cell, one in zip(row.when, table.inputs, strict=True))


def _cell_fits(cell: Cell, one: Input, inputs: Inputs) -> bool:
    return isinstance(cell, AnyValue) or fits_value(cell, read_input(one, inputs))


def _match(row: Row) -> Match:
    return Match(row=row, outputs=row.then)


def _first(fitting: Iterator[Row], table: DecisionTable) -> Row:
    row = next(fitting, None)
    if row is None:
        raise _no_row(table)
    return row


def _only(fitting: Sequence[Row], table: DecisionTable) -> Row:
    if not fitting:
        raise _no_row(table)
    if len(fitting) > 1:
        ids = ", ".join(row.id for row in fitting)
        raise SeveralRowsFitError(
            f"rows {ids} of table {table.name} fit these values of {', '.join(table.input_names)}: "
            "its hit policy is unique; narrow them"
        )
    return fitting[0]


def _no_row(table: DecisionTable) -> NoRowFitsError:
    return NoRowFitsError(
        f"no row of table {table.name} fits these values of {', '.join(table.input_names)}: "
        "add a row for them, or a last row that takes the rest"
    )


# ---------------------------------------------------------------------------- compiled


class CompiledTable:
    """A table turned by ninety degrees: each column answers with a bit for every row that its value fits.

    The lowest bit that all columns leave is the row. Whatever is irregular (an input that is missing, of another kind
    or outside its domain, no row, too many) is decided plainly, so that both ways always say the same.
    """

    def __init__(self, table: DecisionTable) -> None:
        self._table = table
        rows = table.in_order_of_precedence()
        self._matches = tuple(_match(row) for row in rows)
        self._every = (1 << len(rows)) - 1
        columns = [(one, [row.when[at] for row in rows]) for at, one in enumerate(table.inputs)]
        self._columns = tuple(
            (one.name, column_of(one.domain, cells))
            for one, cells in columns
            if not all(isinstance(cell, AnyValue) for cell in cells)
        )
        self._days = column_of(DAYS, [validity_of(row) for row in rows]) if table.is_dated else None
        self._is_unique = table.hit is HitPolicy.UNIQUE
        self._collects = table.hit is HitPolicy.COLLECT

    def one(self, inputs: Inputs, on: date | None) -> Match:
        """Return the row that answers; see `decide`."""
        rows = self._fitting(inputs, on)
        if not rows or (self._is_unique and rows & rows - 1):
            return decide_plainly(self._table, inputs, on=on)[0]
        return self._matches[(rows & -rows).bit_length() - 1]

    def all(self, inputs: Inputs, on: date | None) -> tuple[Match, ...]:
        """Return all rows that answer; see `decide_all`."""
        if not self._collects:
            return (self.one(inputs, on),)
        rows = self._fitting(inputs, on)
        if not rows:
            return decide_plainly(self._table, inputs, on=on)
        return tuple(match for at, match in enumerate(self._matches) if rows >> at & 1)

    def _fitting(self, inputs: Inputs, on: date | None) -> int:
        """Return the bits of the rows that fit; 0 where none does or an input is irregular."""
        rows = self._every
        try:
            for name, fitting in self._columns:
                rows &= fitting(inputs[name])
            if self._days is not None:
                rows &= self._days(on)
        except (KeyError, TypeError):
            return 0
        return rows


@lru_cache(maxsize=_MOST_COMPILED)
def compiled(table: DecisionTable) -> CompiledTable:
    """Return the table prepared for many calls."""
    return CompiledTable(table)
