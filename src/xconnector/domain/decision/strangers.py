"""Strangers: what a cell names and its column can never have, such as a misspelled word; each is found by itself.

A row can answer although one of its words is misspelled: for its other words, or, behind `not`, for all but the one
that was meant. So no proof of rows finds what is found here.
"""

from collections.abc import Iterator, Sequence

from xconnector.domain.decision.axis import axis_of
from xconnector.domain.decision.cell_text import word_for
from xconnector.domain.decision.cells import ANY, AnyValue, Cell, OneOf, kinds_of
from xconnector.domain.decision.table import Domain


def strangers(domain: Domain, cells: Sequence[Cell]) -> Iterator[tuple[int, OneOf]]:
    """Yield the place of each cell with every value and range of it that the domain does not hold, as a cell.

    Of a range, that is one in which no value of the domain lies. `not none` keeps out what may well be out already.
    Cells of another kind are passed over.
    """
    ours = [cell if kinds_of(cell) <= {domain.kind} else ANY for cell in cells]
    axis = axis_of(domain, ours) if any(isinstance(cell, OneOf) and cell.ranges for cell in ours) else None
    for at, cell in enumerate(ours):
        for test in _tests(cell):
            if axis is not None and test.ranges:
                is_stranger = not axis.pieces(test)
            else:
                is_stranger = not domain.holds(next(iter(test.values), None))
            if is_stranger:
                yield at, test


def _tests(cell: Cell) -> Iterator[OneOf]:
    """Yield each value and each range of a cell as a cell of its own."""
    if isinstance(cell, AnyValue):
        return
    if cell.includes_none and not cell.negated:
        yield OneOf(includes_none=True)
    for value in sorted(cell.values, key=word_for):
        yield OneOf(values=frozenset({value}))
    for span in sorted(cell.ranges, key=str):
        yield OneOf(ranges=frozenset({span}))
