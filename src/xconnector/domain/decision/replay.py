"""Replay: a changed table asked again what was asked and recorded, and which row became which.

Nothing is dropped: a question to which the table has no answer any more is counted, with examples.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from xconnector.domain.decision.deciding import CompiledTable, DecisionError, Match, decide_all
from xconnector.domain.decision.table import DecisionTable, HitPolicy
from xconnector.domain.decision.values import Value
from xconnector.domain.headcount import Headcount

MOST_EXAMPLES = 5
"""Communications that are named for each kind of change."""
_MOST_REASONS = 100
_FURTHER_REASONS = "further reasons of other kinds"

CommunicationId: TypeAlias = UUID | str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PastAnswer:
    """What the table of then answered. One object stands for all its like: a replay tells them apart by identity."""

    row: str | None
    """Id of the row; of several, all, with commas between them; None where the table had no answer."""
    says: tuple[Mapping[str, Value | None], ...] | None = None
    """What the rows said, by output; None where the table of then is not there, or had no answer."""


class Recorded(NamedTuple):
    """A question that was asked and answered."""

    communication_id: CommunicationId
    customer: str
    day: date | None
    """As of which rows counted."""
    past: PastAnswer
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A question that is answered otherwise now."""

    communication_id: CommunicationId
    customer: str
    day: date | None
    old_row: str | None
    """None where the table had no answer."""
    new_row: str | None
    """None where the table has no answer."""
    reason: str | None = None
    """Why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """One cell of the matrix: how often one row became another."""

    old_row: str | None
    """None where the table had no answer."""
    new_row: str | None
    """None where the table has no answer."""
    number: int
    says_otherwise: bool | None
    """Whether the answer differs, by whatever row; None where it is not known what the old row said."""
    is_change: bool
    """Whether it is another row, or the answer differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Questions that find no answer for one reason."""

    reason: str
    number: int
    examples: tuple[CommunicationId, ...]
    """Ids of communications, `MOST_EXAMPLES` at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayMatrix:
    """What a replay found."""

    cells: tuple[Became, ...]
    """Changes before what stays, then by number, the largest first."""
    without_answer: tuple[NoAnswer, ...]
    customers_affected: int
    """Different customers of whom some question is answered otherwise, or not at all; the nameless are not counted."""

    @property
    def asked(self) -> int:
        return sum(cell.number for cell in self.cells)

    @property
    def changed(self) -> int:
        """Questions that are answered by another row, otherwise, or not at all."""
        return sum(cell.number for cell in self.cells if cell.is_change)

    @property
    def said_otherwise(self) -> int:
        """Questions whose answer differs or is gone, as far as it is known what it was."""
        return sum(cell.number for cell in self.cells if cell.says_otherwise)

    @property
    def failed(self) -> int:
        """Questions that have no answer any more."""
        return sum(cell.number for cell in self.cells if cell.new_row is None and cell.old_row is not None)

    @property
    def newly_answered(self) -> int:
        """Questions that had no answer and have one."""
        return sum(cell.number for cell in self.cells if cell.old_row is None and cell.new_row is not None)


@dataclass(slots=True)
class _Cell:
    is_change: bool
    says_otherwise: bool | None
    number: int = 0


@dataclass(slots=True)
class _Reason:
    number: int = 0
    examples: list[CommunicationId] = field(default_factory=list[CommunicationId])


class Replay:
    """A table on its way through what was recorded; memory grows with what is told, not with what is read."""

    def __init__(self, table: DecisionTable, *, as_of: date | None = None) -> None:
        self._table = table
        self._as_of = as_of
        """The day on which rows count; None takes that of each question."""
        self._one = CompiledTable(table).one
        self._collects = table.hit is HitPolicy.COLLECT
        self._cells: dict[tuple[PastAnswer, str | None], _Cell] = {}
        self._reasons: dict[str, _Reason] = {}
        self._customers = Headcount()

    def over(self, recorded: Iterable[Recorded]) -> Iterator[Change]:
        """Ask the table every question again, and yield those that it answers otherwise.

        It is to be exhausted: what is not read is not counted. It can be called again with further questions.
        """
        as_of, cells, matches_of = self._as_of, self._cells, self._matches
        for communication_id, customer, day, past, inputs in recorded:
            on = day if as_of is None else as_of
            try:
                matches = matches_of(inputs, on)
            except DecisionError as error:
                if past.row is None:
                    cells.setdefault((past, None), _Cell(is_change=False, says_otherwise=False)).number += 1
                else:
                    yield self._without_answer(communication_id, customer, on, past, str(error))
                continue
            row = matches[0].row.id if len(matches) == 1 else _ids(matches)
            cell = cells.get((past, row))
            if cell is None:
                cell = cells[past, row] = _compared(past, row, matches)
            cell.number += 1
            if cell.is_change:
                self._add_customer(customer)
                yield Change(
                    communication_id=communication_id, customer=customer, day=on, old_row=past.row, new_row=row
                )

    def matrix(self) -> ReplayMatrix:
        """Return what was found so far."""
        merged: dict[tuple[str | None, str | None, bool, bool | None], int] = {}
        for (past, row), cell in self._cells.items():
            key = (past.row, row, cell.is_change, cell.says_otherwise)
            merged[key] = merged.get(key, 0) + cell.number
        cells = (
            Became(old_row=old, new_row=new, number=number, says_otherwise=otherwise, is_change=is_change)
            for (old, new, is_change, otherwise), number in merged.items()
        )
        return ReplayMatrix(
            cells=tuple(sorted(cells, key=_weight)),
            without_answer=tuple(
                NoAnswer(reason=reason, number=one.number, examples=tuple(one.examples))
                for reason, one in sorted(self._reasons.items(), key=lambda item: -item[1].number)
            ),
            customers_affected=len(self._customers),
        )

    def _matches(self, inputs: Mapping[str, Any], on: date | None) -> Sequence[Match]:
        return decide_all(self._table, inputs, on=on) if self._collects else (self._one(inputs, on),)

    def _add_customer(self, name: str) -> None:
        if name:
            self._customers.add(name)

    def _without_answer(
        self, communication_id: CommunicationId, customer: str, on: date | None, past: PastAnswer, reason: str
    ) -> Change:
        cell = self._cells.setdefault((past, None), _Cell(is_change=True, says_otherwise=True))
        cell.number += 1
        if reason not in self._reasons and len(self._reasons) >= _MOST_REASONS:
            reason = _FURTHER_REASONS
        known = self._reasons.setdefault(reason, _Reason())
        known.number += 1
        if len(known.examples) < MOST_EXAMPLES:
            known.examples.append(communication_id)
        self._add_customer(customer)
        return Change(
            communication_id=communication_id,
            customer=customer,
            day=on,
            old_row=past.row,
            new_row=None,
            reason=reason,
        )


def past_answer(matches: Sequence[Match]) -> PastAnswer:
    """Return what a table answers as what it will have answered."""
    return PastAnswer(row=_ids(matches), says=_said(matches))


def _ids(matches: Sequence[Match]) -> str:
    return ", ".join(match.row.id for match in matches)


def _said(matches: Sequence[Match]) -> tuple[Mapping[str, Value | None], ...]:
    return tuple(match.outputs for match in matches)


def _compared(past: PastAnswer, row: str, matches: Sequence[Match]) -> _Cell:
    if past.row is None:
        return _Cell(is_change=True, says_otherwise=True)
    says_otherwise = None if past.says is None else past.says != _said(matches)
    return _Cell(is_change=past.row != row or bool(says_otherwise), says_otherwise=says_otherwise)


def _weight(cell: Became) -> tuple[bool, int, str, str]:
    return not cell.is_change, -cell.number, cell.old_row or "", cell.new_row or ""
