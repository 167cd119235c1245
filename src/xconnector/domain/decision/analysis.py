"""What is wrong with a table, exactly: rows that can never answer, rows that overlap, and cases that no row takes.

Each row is a box: on every axis the pieces that its cell takes. What rows leave over is found by taking box from box.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TypeAlias

from xconnector.domain.decision.axis import Axis, Pieces, axis_of
from xconnector.domain.decision.cells import Cell
from xconnector.domain.decision.deciding import DAYS
from xconnector.domain.decision.table import DecisionTable, HitPolicy, Row, validity_of
from xconnector.domain.decision.values import Value

DAY = "(day)"
"""The axis on which rows begin and end to count; no input is called so."""
_MOST_BOXES = 50_000
_MOST_TRIED = 12

Box: TypeAlias = tuple[Pieces, ...]


class TooEntangledError(Exception):
    """The rows cut the cases into more boxes than we look at; the table must be divided to be proven."""


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


class Analysis:
    """One table, proven over all cases of its inputs' domains."""

    def __init__(self, table: DecisionTable) -> None:
        self._table = table
        self._rows = table.in_order_of_precedence()
        self._axes = _axes(table)
        self._boxes = [self._box(row) for row in self._rows]
        self._whole: Box = tuple(axis.all for _, axis in self._axes)

    def unreachable(self) -> Iterator[Unreachable]:
        """Yield each row that can never answer, in order of precedence.

        Where rows do not compete (`unique`, `collect`), only those that fit no case at all.
        Raises TooEntangledError.
        """
        competes = self._table.hit in {HitPolicy.FIRST, HitPolicy.PRIORITY}
        for at, (row, box) in enumerate(zip(self._rows, self._boxes, strict=True)):
            if not all(box):
                yield Unreachable(row=row, behind=())
            elif competes and not self._is_reachable[at]:
                yield Unreachable(row=row, behind=tuple(self._rows[one] for one in self._covering(at)))

    def overlaps(self) -> Iterator[Overlap]:
        """Yield every two rows that fit a case together, with such a case."""
        for (first, one), (second, other) in combinations(zip(self._rows, self._boxes, strict=True), 2):
            common = _common(one, other)
            if all(common):
                yield Overlap(first=first, second=second, example=self._example(common))

    def gaps(self) -> Iterator[Gap]:
        """Yield what no row takes, in boxes that do not overlap.

        Raises TooEntangledError.
        """
        for box in self._left_over:
            cells = zip(self._axes, box, strict=True)
            yield Gap(when={name: axis.cell(pieces) for (name, axis), pieces in cells}, example=self._example(box))

    @cached_property
    def _sweep(self) -> tuple[Sequence[bool], Sequence[Box]]:
        """Which rows still find a case that none before takes, and what all of them leave over."""
        left: list[Box] = [self._whole] if all(self._whole) else []
        reachable: list[bool] = []
        for box in self._boxes:
            reachable.append(any(all(_common(one, box)) for one in left))
            left = _without(left, box)
        return reachable, left

    @property
    def _is_reachable(self) -> Sequence[bool]:
        return self._sweep[0]

    @property
    def _left_over(self) -> Sequence[Box]:
        return self._sweep[1]

    def _covering(self, at: int) -> Sequence[int]:
        """Return rows before this one that together take its whole box, none of which can be spared."""
        box = self._boxes[at]
        touching = [one for one in range(at) if all(_common(self._boxes[one], box))]
        for one in touching:
            if not _left_of(box, [self._boxes[one]]):
                return [one]
        needed = touching
        for one in touching if len(touching) <= _MOST_TRIED else ():
            spared = [other for other in needed if other != one]
            if not _left_of(box, [self._boxes[other] for other in spared]):
                needed = spared
        return needed

    def _box(self, row: Row) -> Box:
        return tuple(axis.pieces(cell) for (_, axis), cell in zip(self._axes, _cells(row, self._table), strict=True))

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


def _common(one: Box, other: Box) -> Box:
    return tuple(map(int.__and__, one, other))


def _left_of(box: Box, taken: Iterable[Box]) -> Sequence[Box]:
    left: list[Box] = [box]
    for one in taken:
        left = _without(left, one)
        if not left:
            break
    return left


def _without(boxes: Iterable[Box], taken: Box) -> list[Box]:
    """Return what is left of boxes when another is taken out of them, again in boxes that do not overlap.

    Raises TooEntangledError.
    """
    left: list[Box] = []
    for box in boxes:
        common = _common(box, taken)
        if not all(common):
            left.append(box)
            continue
        for at, pieces in enumerate(box):
            if rest := pieces & ~common[at]:
                left.append((*common[:at], rest, *box[at + 1 :]))
        if len(left) > _MOST_BOXES:
            raise TooEntangledError(f"the rows cut the cases into more than {_MOST_BOXES} boxes")
    return left
