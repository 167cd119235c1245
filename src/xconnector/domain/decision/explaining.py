"""Why a table decided so: what each row says about the inputs, and what a record of a decision keeps."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import AnyValue, fits_value
from xconnector.domain.decision.deciding import DecisionError, Inputs, Match, decide_all, read_input
from xconnector.domain.decision.table import DecisionTable, Input, Row, validity_of
from xconnector.domain.decision.values import read_value, spelled_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One cell that kept a row from fitting. It tells the customer's value: it is for those who may see it."""

    input: str
    """Name of the column; `day` for a row that does not count on that day."""
    cell: str
    given: str
    """The value as a cell would say it, or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAccount:
    """What became of one row."""

    row: str
    cite: str | None
    answers: bool
    misses: tuple[Miss, ...] = ()
    """Every cell that did not fit."""
    behind: str | None = None
    """The row that won where this one fits as well."""

    def __str__(self) -> str:
        if self.answers:
            return f"row {self.row} answers"
        if self.behind is not None:
            return f"row {self.row} fits as well; row {self.behind} comes first"
        said = "; ".join(f"{miss.input} is {miss.given}, it takes {miss.cell}" for miss in self.misses)
        return f"row {self.row} does not fit: {said}"


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
    return tuple(_account(row, table, inputs, on, answers) for row in table.rows)


def nearest_misses(accounts: Sequence[RowAccount], *, most: int = 3) -> Sequence[RowAccount]:
    """Return the rows that came closest to fitting, those with the fewest misses first."""
    missed = [account for account in accounts if account.misses]
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


def _account(row: Row, table: DecisionTable, inputs: Inputs, on: date | None, answers: Sequence[str]) -> RowAccount:
    if row.id in answers:
        return RowAccount(row=row.id, cite=row.cite, answers=True)
    misses = tuple(_misses(row, table, inputs, on))
    behind = answers[0] if answers and not misses else None
    return RowAccount(row=row.id, cite=row.cite, answers=False, misses=misses, behind=behind)


def _misses(row: Row, table: DecisionTable, inputs: Inputs, on: date | None) -> Iterator[Miss]:
    if on is not None and not row.is_valid_on(on):
        yield Miss(input="day", cell=spelled(validity_of(row)), given=on.isoformat())
    for cell, one in zip(row.when, table.inputs, strict=True):
        if isinstance(cell, AnyValue):
            continue
        try:
            value = read_input(one, inputs)
        except DecisionError as irregular:
            yield Miss(input=one.name, cell=spelled(cell), given=f"no answer: {irregular}")
            continue
        if not fits_value(cell, value):
            yield Miss(input=one.name, cell=spelled(cell), given=word_for(value))
