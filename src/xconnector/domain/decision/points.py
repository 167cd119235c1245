"""The points that cells name on a line of numbers or dates, and the spaces between them."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from xconnector.domain.decision.cells import Cell, OneOf, values_of
from xconnector.domain.decision.values import Value


class Points:
    """Every point that cells name. Places count points and spaces: 0 is the space below all, 1 the first point."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self.values: Sequence[Any] = sorted({value for cell in cells for value in values_of(cell)})
        self.places = 2 * len(self.values) + 1

    def place_of(self, value: Value) -> int:
        at = bisect_left(self.values, value)
        is_point = at < len(self.values) and self.values[at] == value
        return 2 * at + is_point

    def listed(self, cell: OneOf) -> Iterator[tuple[int, int]]:
        """Yield the first and the last place of each value and range that a cell lists, whether negated or not."""
        for value in cell.values:
            yield self.place_of(value), self.place_of(value)
        for span in cell.ranges:
            low = 0 if span.low is None else self.place_of(span.low) + (not span.includes_low)
            high = self.places - 1 if span.high is None else self.place_of(span.high) - (not span.includes_high)
            yield low, high
