"""What is wrong with a table, exactly: rows that can never answer, rows that overlap, and cases that no row takes.

Each row is a box: on every axis the pieces that its cell takes. What rows leave over is found by taking box from box.
That can be more work than there is time for, so that every question has a bound; what lies beyond is told as unproven.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xconnector.domain.decision.axis import Axis, axis_of
from xconnector.domain.decision.boxes import Box, Meetings, Remainder, common, places_of
from xconnector.domain.decision.cells import Cell
from xconnector.domain.decision.deciding import DAYS
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Row, validity_of
from xconnector.domain.decision.values import Value

DAY = "(day)"
"""The axis on which rows begin and end to count; no input is called so."""
MOST_STEPS = 1_000_000
"""Boxes that are held against each other for one question: a second or two."""
_STEPS_OF_A_FIND = 100
"""A gap or an overlap must be told and read, which is so much more work than holding box against box."""
_MOST_TRIED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """A row that can never answer."""

    row: Row
    behind: tuple[Row, ...]
    """The rows that together take all it would fit; none where it fits nothing by itself."""

    @property
    def is_shadowed(self) -> bool:
        """Whether one single row takes everything."""
        return len(self.behind) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two rows that fit the same case."""

    first: Row
    second: Row
    example: Mapping[str, Value | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Cases that no row takes."""

    when: Mapping[str, Cell]
    """By column: a row with these cells would close it."""
    example: Mapping[str, Value | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovenRow:
    """A row of which the question could not be answered within the bound."""

    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovenCases:
    """Cases of which it is not known, within the bound, whether a row takes each of them."""

    when: Mapping[str, Cell]
    """By column."""


class Analysis:
    """One table, proven over all cases of its inputs' domains."""

    def __init__(self, table: DecisionTable, *, most_steps: int = MOST_STEPS) -> None:
        """`most_steps` bounds each question by itself."""
        self._table = table
        self._most_steps = most_steps
        self._rows = table.in_order_of_precedence()
        self._axes = _axes(table)
        self._boxes = [self._box(row) for row in self._rows]
        self._whole: Box = tuple(axis.all for _, axis in self._axes)

    def unreachable(self) -> Iterator[Unreachable | UnprovenRow]:
        """Yield each row that can never answer, or of which that is not known, in order of precedence.

        Where rows do not compete (`unique`, `collect`), only those that fit no case at all.
        """
        competes = self._table.hit in {HitPolicy.FIRST, HitPolicy.PRIORITY}
        meetings = Meetings(self._boxes, len(self._axes))
        steps_left = self._most_steps
        for at, (row, box) in enumerate(zip(self._rows, self._boxes, strict=True)):
            if not all(box):
                yield Unreachable(row=row, behind=())
                continue
            if not competes:
                continue
            if meetings.steps >= self._most_steps:
                yield UnprovenRow(row=row)
                continue
            before = [*places_of(meetings.of(box) & (1 << at) - 1)]
            # What rows before did not need is there for those that follow.
            share = max(1, steps_left // (len(self._rows) - at))
            left = Remainder(box, before, self._boxes, most_steps=share)
            is_reachable = next(iter(left), None) is not None
            steps_left = max(0, steps_left - left.steps)
            if left.unproven and not is_reachable:
                yield UnprovenRow(row=row)
            elif not is_reachable:
                needed = self._fewest(box, sorted(left.used), most_steps=share)
                yield Unreachable(row=row, behind=tuple(self._rows[one] for one in needed))

    def overlaps(self) -> Iterator[Overlap | UnprovenRow]:
        """Yield every two rows that fit a case together, with such a case; last each row that was not looked at."""
        meetings = Meetings(self._boxes, len(self._axes))
        unproven: list[Row] = []
        found = 0
        for at, (row, box) in enumerate(zip(self._rows, self._boxes, strict=True)):
            if meetings.steps + found * _STEPS_OF_A_FIND >= self._most_steps:
                unproven.append(row)
                continue
            for other in places_of(meetings.of(box) >> at + 1):
                found += 1
                second = at + 1 + other
                shared = common(box, self._boxes[second])
                yield Overlap(first=row, second=self._rows[second], example=self._example(shared))
        yield from (UnprovenRow(row=row) for row in unproven)

    def gaps(self) -> Iterator[Gap | UnprovenCases]:
        """Yield what no row takes, in boxes that do not overlap; last the boxes of which that is not known."""
        left = Remainder(
            self._whole,
            range(len(self._boxes)),
            self._boxes,
            most_steps=self._most_steps,
            steps_of_a_find=_STEPS_OF_A_FIND,
        )
        for box in left:
            yield Gap(when=self._cells_of(box), example=self._example(box))
        for box in left.unproven:
            yield UnprovenCases(when=self._cells_of(box))

    def _fewest(self, box: Box, taking: Sequence[int], *, most_steps: int) -> Sequence[int]:
        """Return rows of those that together take a box, without those that are seen to be spared."""
        for one in taking:
            if common(self._boxes[one], box) == box:
                return [one]
        needed = taking
        for one in taking if len(taking) <= _MOST_TRIED else ():
            spared = [other for other in needed if other != one]
            left = Remainder(box, spared, self._boxes, most_steps=most_steps // _MOST_TRIED)
            if next(iter(left), None) is None and not left.unproven:
                needed = spared
        return needed

    def _box(self, row: Row) -> Box:
        return tuple(axis.pieces(cell) for (_, axis), cell in zip(self._axes, _cells(row, self._table), strict=True))

    def _cells_of(self, box: Box) -> Mapping[str, Cell]:
        return {name: axis.cell(pieces) for (name, axis), pieces in zip(self._axes, box, strict=True)}

    def _example(self, box: Box) -> Mapping[str, Value | None]:
        return {name: axis.example(pieces) for (name, axis), pieces in zip(self._axes, box, strict=True)}


def _axes(table: DecisionTable) -> Sequence[tuple[str, Axis]]:
    """Return the axis of every input, and of the days where rows begin and end."""
    columns = [*zip(*(_cells(row, table) for row in table.rows), strict=True)]
    domains = [(one.name, one.domain) for one in table.inputs]
    if table.is_dated:
        domains.append((DAY, DAYS))
    return [(name, axis_of(domain, columns[at] if columns else ())) for at, (name, domain) in enumerate(domains)]


def _cells(row: Row, table: DecisionTable) -> Sequence[Cell]:
    return (*row.when, validity_of(row)) if table.is_dated else row.when
