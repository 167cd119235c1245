"""Axes: the values of one input, cut into the fewest pieces that the cells of its column tell apart.

All values of a piece fit the same cells, so that one of them stands for all. A cell is a set of pieces, held as the
bits of a number: what is true of every value is proven by looking at a few, and what is decided once per piece need
not be decided again.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, TypeAlias

from xconnector.domain.decision.cells import ANY, AnyValue, Cell, OneOf, Within, values_of
from xconnector.domain.decision.points import Points
from xconnector.domain.decision.table import Domain
from xconnector.domain.decision.values import EXACT, Kind, Value, is_multiple

Pieces: TypeAlias = int
"""A set of pieces: bit 0 is the first."""

_A_DAY = date(2026, 1, 1)


class Axis(ABC):
    """The values of one input, in pieces; the last piece is "nothing there"."""

    def __init__(self, domain: Domain, examples: Sequence[Value | None]) -> None:
        self._examples = examples
        """One value of each piece but the last; None where no value can lie in it."""
        self._none: Pieces = 1 << len(examples)
        self._known: dict[Cell, Pieces] = {}
        self._possible = sum(1 << at for at, example in enumerate(examples) if example is not None) | self._none
        self.all: Pieces = self._possible & self._pieces_of(domain.cell)

    def pieces(self, cell: Cell) -> Pieces:
        """Return the pieces of the domain that fit a cell."""
        if isinstance(cell, AnyValue):
            return self.all
        known = self._known.get(cell)
        if known is None:
            known = self._known[cell] = self._pieces_of(cell) & self.all
        return known

    def example(self, pieces: Pieces) -> Value | None:
        """Return a value of these pieces, None for "nothing there"; a value is preferred to nothing."""
        return None if pieces == self._none else self._examples[(pieces & -pieces).bit_length() - 1]

    def cell(self, pieces: Pieces) -> Cell:
        """Return the cell that fits these pieces and, inside the domain, nothing else."""
        if pieces == self.all:
            return ANY
        return self._cell(pieces)

    def _pieces_of(self, cell: Cell) -> Pieces:
        if isinstance(cell, AnyValue):
            return self._possible
        fitting = self._listed(cell) | (self._none if cell.includes_none else 0)
        return self._possible & ~fitting if cell.negated else fitting

    @abstractmethod
    def _listed(self, cell: OneOf) -> Pieces: ...

    @abstractmethod
    def _cell(self, pieces: Pieces) -> OneOf: ...


class NamedAxis(Axis):
    """Text, or yes and no: a piece for each value that is named, and one for all others."""

    def __init__(self, domain: Domain, cells: Iterable[Cell]) -> None:
        named = _named(domain.kind, (domain.cell, *cells))
        others = None if domain.kind is Kind.YES_NO else _another(named)
        self._places: Mapping[Value, int] = {value: at for at, value in enumerate(named)}
        super().__init__(domain, [*named, others])

    def _listed(self, cell: OneOf) -> Pieces:
        return sum(1 << self._places[value] for value in cell.values)

    def _cell(self, pieces: Pieces) -> OneOf:
        negated = bool(pieces >> len(self._places) & 1)
        told = self.all & ~pieces if negated else pieces
        return OneOf(
            values=frozenset(value for value, at in self._places.items() if told >> at & 1),
            includes_none=bool(told & self._none),
            negated=negated,
        )


class OrderedAxis(Axis):
    """Numbers or dates: a piece for each place."""

    def __init__(self, domain: Domain, cells: Iterable[Cell]) -> None:
        self._points = Points((domain.cell, *cells))
        super().__init__(domain, _examples(domain, self._points.values))

    def _listed(self, cell: OneOf) -> Pieces:
        found = 0
        for low, high in self._points.listed(cell):
            found |= (1 << high + 1) - (1 << low)
        return found & self._possible

    def _cell(self, pieces: Pieces) -> OneOf:
        if pieces | self._none == self.all:
            return OneOf(includes_none=True, negated=True)
        values: set[Value] = set()
        ranges: set[Within] = set()
        at = 0
        while at < self._points.places:
            if not pieces >> at & 1:
                at += 1
                continue
            last = self._last_of_run(pieces, at)
            if last == at and at % 2:
                values.add(self._points.values[at // 2])
            else:
                ranges.add(self._between(at, last))
            at = last + 1
        return OneOf(values=frozenset(values), ranges=frozenset(ranges), includes_none=bool(pieces & self._none))

    def _last_of_run(self, pieces: Pieces, first: int) -> int:
        """Return the last piece of an unbroken run; pieces outside the domain break none."""
        last = at = first
        while at < self._points.places and (pieces >> at & 1 or not self.all >> at & 1):
            last = at if pieces >> at & 1 else last
            at += 1
        return last

    def _between(self, first: int, last: int) -> Within:
        low = self._points.values[(first - 1) // 2] if first else None
        high = self._points.values[last // 2] if last < self._points.places - 1 else None
        # An end that is not there is written as included, as in `Within` and by whoever reads `> 5`.
        return Within(
            low=low,
            high=high,
            includes_low=low is None or bool(first % 2),
            includes_high=high is None or bool(last % 2),
        )


def axis_of(domain: Domain, cells: Iterable[Cell]) -> Axis:
    """Return the axis of a column with these cells."""
    ordered = domain.kind in {Kind.NUMBER, Kind.DATE}
    return OrderedAxis(domain, cells) if ordered else NamedAxis(domain, cells)


def _named(kind: Kind, cells: Iterable[Cell]) -> Sequence[Value]:
    if kind is Kind.YES_NO:
        return [True, False]
    named = {value: None for cell in cells for value in sorted(values_of(cell), key=str)}
    return [*named]


def _another(named: Sequence[Value]) -> str:
    """Return a text that is none of these."""
    at = 1
    other = "something else"
    while other in named:
        at += 1
        other = f"something else {at}"
    return other


def _examples(domain: Domain, points: Sequence[Any]) -> Sequence[Value | None]:
    between = _date_between if domain.kind is Kind.DATE else _number_between
    ends = [None, *points, None]
    examples: list[Value | None] = []
    for at, point in enumerate(points):
        examples += [between(ends[at], point, domain.step), _point(point, domain.step)]
    return [*examples, between(ends[-2], None, domain.step)]


def _point(point: Value, step: Decimal | None) -> Value | None:
    off_grid = step is not None and isinstance(point, Decimal) and not is_multiple(point, step)
    return None if off_grid else point


def _date_between(low: date | None, high: date | None, _step: Decimal | None) -> date | None:
    """Return a day between two days, neither of them; None where there is none."""
    if low is not None:
        next_day = low + timedelta(days=1) if low < date.max else None
        return next_day if next_day is not None and (high is None or next_day < high) else None
    if high is not None:
        return high - timedelta(days=1) if high > date.min else None
    return _A_DAY


def _number_between(low: Decimal | None, high: Decimal | None, step: Decimal | None) -> Decimal | None:
    """Return a number between two numbers, neither of them; None where no multiple of the step lies there."""
    if low is None and high is None:
        return Decimal(0)
    if step is None:
        return _number_amid(low, high)
    if low is None:
        assert high is not None
        below = EXACT.divide(high, step).to_integral_value(ROUND_CEILING)
        return EXACT.multiply(EXACT.subtract(below, Decimal(1)), step)
    after = EXACT.divide(low, step).to_integral_value(ROUND_FLOOR)
    above = EXACT.multiply(EXACT.add(after, Decimal(1)), step)
    return above if high is None or above < high else None


def _number_amid(low: Decimal | None, high: Decimal | None) -> Decimal:
    if low is not None and high is not None:
        return _short_between(low, high)
    if low is not None:
        return EXACT.add(low.to_integral_value(ROUND_FLOOR), Decimal(1))
    assert high is not None
    return EXACT.subtract(high.to_integral_value(ROUND_CEILING), Decimal(1))


def _short_between(low: Decimal, high: Decimal) -> Decimal:
    """Return a number between the two with as few digits as people would write."""
    whole = EXACT.add(low.to_integral_value(ROUND_FLOOR), Decimal(1))
    return whole if whole < high else EXACT.divide(EXACT.add(low, high), Decimal(2))
