"""Why a table decided so: what each row says about the inputs, and what a record of a decision keeps."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache

from xconnector.domain.decision.cell_text import pieces_of, spelled, word_for
from xconnector.domain.decision.cells import AnyValue, OneOf, fits_value
from xconnector.domain.decision.deciding import DecisionError, Inputs, Match, decide_all, read_input
from xconnector.domain.decision.table import DecisionTable, Input, Row, validity_of
from xconnector.domain.decision.values import Value, read_value, spelled_value

_MOST_LISTED = 8
"""Of what a cell lists, told in a line."""
_MOST_SPELLED = 64
"""Tables that are kept spelled."""


class Standing(StrEnum):
    """How a row stands to the answer."""

    ANSWERS = "answers"
    BEHIND = "behind"
    """It fits, and a row that goes before it answers."""
    FITS = "fits"
    """It fits, and the table has no answer."""
    MISSES = "misses"
    """A cell does not fit."""
    UNDECIDED = "undecided"
    """Whether it fits cannot be said: an input that it looks at is missing, of another kind or outside its domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One cell that kept a row from fitting. It tells the customer's value: it is for those who may see it."""

    input: str
    """Name of the column; `day` for a row that does not count on that day."""
    cell: str
    given: str | None
    """The value as a cell would say it; None where it could not be read."""
    problem: str | None = None
    """Why it could not be read."""

    def __str__(self) -> str:
        return f"{self.input} is {self.given}, it takes {_brief(self.cell)}" if self.problem is None else self.problem


def _brief(cell: str) -> str:
    """Return a cell with the first of what it lists, and how many more there are."""
    listed = pieces_of(cell)
    if len(listed) <= _MOST_LISTED + 1:
        return cell
    told = f"{', '.join(listed[:_MOST_LISTED])}, … and {len(listed) - _MOST_LISTED} more"
    return f"not ({told.removeprefix('not').strip(' (')})" if cell.startswith(("not ", "not(")) else told


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAccount:
    """What became of one row."""

    row: str
    cite: str | None
    standing: Standing
    misses: tuple[Miss, ...] = ()
    """Every cell that did not fit or could not be asked."""
    because: tuple[str, ...] = ()
    """For a row that fits and does not answer, the rows that are the reason."""

    @property
    def answers(self) -> bool:
        return self.standing is Standing.ANSWERS

    def __str__(self) -> str:
        others = ", ".join(self.because)
        match self.standing:
            case Standing.ANSWERS:
                return f"row {self.row} answers"
            case Standing.BEHIND:
                return f"row {self.row} fits as well; row {others} comes first"
            case Standing.FITS:
                return f"row {self.row} fits; there is no answer because of row {others}"
            case Standing.MISSES:
                said = "; ".join(str(miss) for miss in self.misses if miss.problem is None)
                return f"row {self.row} does not fit: {said}"
            case Standing.UNDECIDED:
                said = "; ".join(str(miss) for miss in self.misses if miss.problem is not None)
                return f"row {self.row} cannot be decided: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """What is kept of a decision: enough to make it again, and to prove that it is the same."""

    table_sha256: str
    rows: tuple[str, ...]
    inputs_sha256: str


def explain(table: DecisionTable, inputs: Inputs, *, on: date | None = None) -> tuple[RowAccount, ...]:
    """Return an account of every row, in the table's order; also where the table has no answer."""
    try:
        answers = [match.row.id for match in decide_all(table, inputs, on=on)]
    except DecisionError:
        answers = []
    readings = [_Reading(one, inputs) for one in table.inputs]
    found = [_account(row, readings, on) for row in _asking_rows(table)]
    undecided = tuple(one.row for one in found if one.standing is Standing.UNDECIDED)
    fitting = tuple(one.row for one in found if one.standing is Standing.FITS)
    return tuple(_placed(one, answers, fitting, undecided) for one in found)


def nearest_misses(accounts: Sequence[RowAccount], *, most: int = 3) -> Sequence[RowAccount]:
    """Return the rows that came closest to fitting, those with the fewest misses first."""
    missed = [one for one in accounts if one.standing in {Standing.MISSES, Standing.UNDECIDED}]
    return sorted(missed, key=lambda account: len(account.misses))[:most]


def record_of(
    table: DecisionTable, inputs: Inputs, matches: Sequence[Match], *, on: date | None = None
) -> DecisionRecord:
    """Return what is kept of a decision."""
    return DecisionRecord(
        table_sha256=table.sha256,
        rows=tuple(match.row.id for match in matches),
        inputs_sha256=inputs_sha256(table, inputs, on=on),
    )


def inputs_sha256(table: DecisionTable, inputs: Inputs, *, on: date | None = None) -> str:
    """Return the digest of what a table sees: the same for values that it cannot tell apart, such as 5 and 5.00."""
    seen = [_seen(one, inputs) for one in table.inputs]
    day = on.isoformat() if table.is_dated and on is not None else None
    return hashlib.sha256(json.dumps([seen, day], ensure_ascii=False).encode("utf-8", "backslashreplace")).hexdigest()


def _seen(one: Input, inputs: Inputs) -> str | None:
    if one.name not in inputs:
        return None
    given = inputs[one.name]
    value = None if given is None else read_value(given, one.domain.kind)
    return f"? {given}" if value is None and given is not None else spelled_value(value)


@dataclass(frozen=True, slots=True)
class _AskingRow:
    """A row with those of its cells that ask something, spelled once for many questions."""

    row: Row
    days: str | None
    """On which days it counts; None where on all."""
    cells: tuple[tuple[int, OneOf, str], ...]
    """The input's place, the cell, and its spelling."""


@lru_cache(maxsize=_MOST_SPELLED)
def _asking_rows(table: DecisionTable) -> Sequence[_AskingRow]:
    return tuple(_asking_row(row) for row in table.rows)


def _asking_row(row: Row) -> _AskingRow:
    days = validity_of(row)
    return _AskingRow(
        row=row,
        days=None if isinstance(days, AnyValue) else spelled(days),
        cells=tuple((at, cell, spelled(cell)) for at, cell in enumerate(row.when) if not isinstance(cell, AnyValue)),
    )


class _Reading:
    """One input, read once for all rows, and only where one asks it."""

    def __init__(self, one: Input, inputs: Inputs) -> None:
        self._one = one
        self._inputs = inputs

    @property
    def name(self) -> str:
        return self._one.name

    @cached_property
    def value(self) -> Value | None:
        return None if self.problem is not None else read_input(self._one, self._inputs)

    @cached_property
    def problem(self) -> str | None:
        """Why it cannot be read."""
        try:
            read_input(self._one, self._inputs)
        except DecisionError as irregular:
            return str(irregular)
        return None

    @cached_property
    def word(self) -> str:
        """The value as a cell would say it."""
        return word_for(self.value)


def _account(asking: _AskingRow, readings: Sequence[_Reading], on: date | None) -> RowAccount:
    """Return how a row stands by itself: it fits, misses, or cannot be decided."""
    misses = (*_missed_day(asking, on), *_missed_cells(asking, readings))
    # Cells are asked from left to right: behind one that does not fit, nothing is asked any more.
    first = misses[0] if misses else None
    standing = Standing.FITS if first is None else Standing.MISSES if first.problem is None else Standing.UNDECIDED
    return RowAccount(row=asking.row.id, cite=asking.row.cite, standing=standing, misses=misses)


def _placed(one: RowAccount, answers: Sequence[str], fitting: Sequence[str], undecided: Sequence[str]) -> RowAccount:
    """Return the account of a row beside those of the others."""
    if one.standing is not Standing.FITS:
        return one
    if one.row in answers:
        return replace(one, standing=Standing.ANSWERS)
    if answers:
        return replace(one, standing=Standing.BEHIND, because=tuple(answers))
    # Several fit where one may, or it is not known whether one that counts fits.
    return replace(one, because=tuple(undecided) or tuple(other for other in fitting if other != one.row))


def _missed_day(asking: _AskingRow, on: date | None) -> Iterator[Miss]:
    if asking.days is None:
        return
    if on is None:
        yield Miss(input="day", cell=asking.days, given=None, problem="nobody said as of which day")
    elif not asking.row.is_valid_on(on):
        yield Miss(input="day", cell=asking.days, given=on.isoformat())


def _missed_cells(asking: _AskingRow, readings: Sequence[_Reading]) -> Iterator[Miss]:
    for at, cell, said in asking.cells:
        reading = readings[at]
        if reading.problem is not None:
            yield Miss(input=reading.name, cell=said, given=None, problem=reading.problem)
        elif not fits_value(cell, reading.value):
            yield Miss(input=reading.name, cell=said, given=reading.word)
