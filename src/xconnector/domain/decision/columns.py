"""Columns turned by ninety degrees: from a given input to the rows whose cell it fits.

Rows are the bits of a number: bit 0 is the first. What is irregular (of another kind, outside the domain) fits none.
The work is linear in the values that cells name, however many rows there are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from xconnector.domain.decision.cells import AnyValue, Cell, OneOf, fits_value, values_of
from xconnector.domain.decision.points import Points
from xconnector.domain.decision.table import Domain
from xconnector.domain.decision.values import READERS, Kind, Value


def column_of(domain: Domain, cells: Sequence[Cell]) -> Callable[[Any], int]:
    """Return the function from a given input to the rows that it fits; none for what is irregular.

    It may raise TypeError for what is of another kind.
    """
    if domain.kind in {Kind.NUMBER, Kind.DATE}:
        return _ordered(domain, cells)
    known = _RowsByValue(domain, cells)
    return known.__getitem__ if domain.kind is Kind.TEXT else _read(domain.kind, known)


class _RowsByValue(dict["Value | None", int]):
    """The rows by value, for those that a cell or the domain names, and for nothing; `others` for all that none names.

    Values that the domain excludes stay known, so that they are not taken for others.
    """

    def __init__(self, domain: Domain, cells: Sequence[Cell]) -> None:
        others = 0
        naming: dict[Value | None, int] = {None: 0, **dict.fromkeys(values_of(domain.cell), 0)}
        for row, cell in enumerate(cells):
            if isinstance(cell, AnyValue) or cell.negated:
                others |= 1 << row
            for value in _named(cell):
                naming[value] = naming.get(value, 0) | 1 << row
        # To be named makes a row fit that takes no others, and keeps one from fitting that takes them.
        super().__init__((value, others ^ rows if domain.holds(value) else 0) for value, rows in naming.items())
        has_others = isinstance(domain.cell, AnyValue) or domain.cell.negated
        self._others = others if has_others else 0

    def __missing__(self, given: object) -> int:
        return self._others if isinstance(given, str) else 0

    def rows(self, value: Value | None) -> int:
        """Return the rows that a value of any kind fits."""
        return self.get(value, self._others)


def _named(cell: Cell) -> Iterator[Value | None]:
    yield from values_of(cell)
    if isinstance(cell, OneOf) and cell.includes_none:
        yield None


def _read(kind: Kind, known: _RowsByValue) -> Callable[[Any], int]:
    read = READERS[kind]

    def fitting(given: Any) -> int:  # noqa: ANN401 - an input may be anything until it is read
        value = None if given is None else read(given)
        return 0 if value is None and given is not None else known.rows(value)

    return fitting


def _ordered(domain: Domain, cells: Sequence[Cell]) -> Callable[[Any], int]:
    points = Points([domain.cell, *cells])
    by_place = _rows_by_place(points, domain, cells)
    none = _rows_of_nothing(domain, cells)
    place, read, step = points.place_of, READERS[domain.kind], domain.step

    def fitting(given: Any) -> int:  # noqa: ANN401 - an input may be anything until it is read
        if given is None:
            return none
        value = read(given)
        if value is None or (step is not None and not domain.holds(value)):
            return 0
        return by_place[place(value)]

    return fitting


def _rows_by_place(points: Points, domain: Domain, cells: Sequence[Cell]) -> Sequence[int]:
    """Return the rows by place, none where it lies outside the domain."""
    turns = [0] * (points.places + 1)
    # The domain is one row more.
    for row, cell in enumerate((*cells, domain.cell)):
        for place in _turns(points, cell):
            turns[place] ^= 1 << row
    inside = 1 << len(cells)
    return [rows ^ inside if rows & inside else 0 for rows in accumulate(turns, int.__xor__)]


def _turns(points: Points, cell: Cell) -> Iterator[int]:
    """Yield each place from which on a cell fits where it did not, or does not where it did."""
    if isinstance(cell, AnyValue) or cell.negated:
        yield 0
    if isinstance(cell, OneOf):
        yield from _ends(points.listed(cell))


def _ends(spans: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield where each span begins and where the next place after it is, counting what two of them share once."""
    shared = 0
    for first, last in sorted(spans):
        begin, end = max(first, shared), last + 1
        if begin < end:
            yield from (begin, end)
            shared = end


def _rows_of_nothing(domain: Domain, cells: Sequence[Cell]) -> int:
    if not domain.holds(None):
        return 0
    return sum(1 << row for row, cell in enumerate(cells) if fits_value(cell, None))
