"""Why a table decided so: what each row says about the inputs, and what a record of a decision keeps."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import AnyValue, fits_value
from xconnector.domain.decision.deciding import DecisionError, Inputs, Match, decide_all, read_input
from xconnector.domain.decision.table import DecisionTable, Input, Row, validity_of
from xconnector.domain.decision.values import read_value, spelled_value


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
        return f"{self.input} is {self.given}, it takes {self.cell}" if self.problem is None else self.problem


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
    found = [_account(row, table, inputs, on) for row in table.rows]
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


def _account(row: Row, table: DecisionTable, inputs: Inputs, on: date | None) -> RowAccount:
    """Return how a row stands by itself: it fits, misses, or cannot be decided."""
    misses = (*_missed_day(row, on), *_missed_cells(row, table, inputs))
    # Cells are asked from left to right: behind one that does not fit, nothing is asked any more.
    first = misses[0] if misses else None
    standing = Standing.FITS if first is None else Standing.MISSES if first.problem is None else Standing.UNDECIDED
    return RowAccount(row=row.id, cite=row.cite, standing=standing, misses=misses)


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


def _missed_day(row: Row, on: date | None) -> Iterator[Miss]:
    days = validity_of(row)
    if isinstance(days, AnyValue):
        return
    if on is None:
        yield Miss(input="day", cell=spelled(days), given=None, problem="nobody said as of which day")
    elif not row.is_valid_on(on):
        yield Miss(input="day", cell=spelled(days), given=on.isoformat())


def _missed_cells(row: Row, table: DecisionTable, inputs: Inputs) -> Iterator[Miss]:
    for cell, one in zip(row.when, table.inputs, strict=True):
        if isinstance(cell, AnyValue):
            continue
        try:
            value = read_input(one, inputs)
        except DecisionError as irregular:
            yield Miss(input=one.name, cell=spelled(cell), given=None, problem=str(irregular))
            continue
        if not fits_value(cell, value):
            yield Miss(input=one.name, cell=spelled(cell), given=word_for(value))
