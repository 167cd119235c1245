"""Boxes: sets of cases, as the pieces that they take on every axis, and what boxes leave of one another."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from xconnector.domain.decision.axis import Pieces

Box: TypeAlias = tuple[Pieces, ...]
"""One set of pieces for each axis; it is empty where one of them is."""


def common(one: Box, other: Box) -> Box:
    """Return the cases that two boxes share."""
    return tuple(map(int.__and__, one, other))


class Remainder:
    """What some boxes leave of another, in boxes that do not overlap, found one after the other within a bound.

    One step holds one box against another.
    """

    def __init__(
        self, box: Box, taken: Sequence[int], boxes: Sequence[Box], *, most_steps: int, steps_of_a_find: int = 0
    ) -> None:
        """`taken` are places in `boxes`; `steps_of_a_find` is what it costs beside that a box is found."""
        self._boxes = boxes
        self._open: list[tuple[Box, Sequence[int]]] = [(box, taken)] if all(box) else []
        self._most_steps = most_steps
        self._steps_of_a_find = steps_of_a_find
        self.steps = 0
        """Taken until now; the last one may go beyond the bound by as many as there are boxes."""
        self.used: set[int] = set()
        """Boxes that took something: without the others the same would be left."""

    def __iter__(self) -> Iterator[Box]:
        """Yield what is left; it ends at the bound as well, and then `unproven` says where."""
        box: Box
        taken: Sequence[int]
        while self._open and self.steps < self._most_steps:
            box, taken = self._open.pop()
            self.steps += 1 + len(taken)
            met = ((one, common(self._boxes[one], box)) for one in taken)
            meeting: list[tuple[int, Box]] = [(one, shared) for one, shared in met if all(shared)]
            if not meeting:
                self.steps += self._steps_of_a_find
                yield box
                continue
            # What takes most is taken out first: it leaves the fewest boxes, and none where it takes all.
            first, shared = min(meeting, key=lambda one: _partly(one[1], box))
            self.used.add(first)
            others = [one for one, _ in meeting if one != first]
            self._open += [(rest, others) for rest in reversed(_outside(box, shared))]

    @property
    def unproven(self) -> Sequence[Box]:
        """What was not looked at to the end, the largest first; nothing where all is proven."""
        return [box for box, _ in self._open]


def _partly(shared: Box, box: Box) -> int:
    """Return on how many axes a box shares only a part of another."""
    return sum(one != other for one, other in zip(shared, box, strict=True))


def _outside(box: Box, shared: Box) -> Sequence[Box]:
    """Return the part of a box that lies outside another, which lies inside it, in boxes that do not overlap."""
    return [(*shared[:at], rest, *box[at + 1 :]) for at, pieces in enumerate(box) if (rest := pieces & ~shared[at])]


class Meetings:
    """Which of many boxes share a case with another."""

    def __init__(self, boxes: Sequence[Box], axes: int) -> None:
        self._every = (1 << len(boxes)) - 1
        self._boxes_by_pieces: list[dict[Pieces, int]] = [{} for _ in range(axes)]
        for at, box in enumerate(boxes):
            for known, pieces in zip(self._boxes_by_pieces, box, strict=True):
                known[pieces] = known.get(pieces, 0) | 1 << at
        self._known: list[dict[Pieces, int]] = [{} for _ in range(axes)]
        self.steps = 0
        """Taken until now, in the measure of Remainder."""

    def of(self, box: Box) -> int:
        """Return the boxes that share a case with this one, as bits: bit 0 is the first."""
        met = self._every
        for axis, pieces in enumerate(box):
            met &= self._on(axis, pieces)
        return met

    def _on(self, axis: int, pieces: Pieces) -> int:
        """Return the boxes that share a piece on one axis."""
        known = self._known[axis]
        if pieces not in known:
            self.steps += 1 + len(self._boxes_by_pieces[axis]) // 8
            met = 0
            for other, boxes in self._boxes_by_pieces[axis].items():
                met |= boxes if other & pieces else 0
            known[pieces] = met
        return known[pieces]


def places_of(bits: int) -> Iterator[int]:
    """Yield the place of each bit that is set, the lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
