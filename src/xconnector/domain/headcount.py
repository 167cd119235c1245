"""Headcount: how many different people there are among many, in eight bytes for each time one is named."""

from array import array

_GROUPS = 256


class Headcount:
    """Counts different names; of a million, two are taken for one with a chance of one in thirty million."""

    def __init__(self) -> None:
        # By groups, so that only a part of them becomes objects at a time when they are counted.
        self._groups = [array("q") for _ in range(_GROUPS)]

    def add(self, name: str) -> None:
        mark = hash(name)
        self._groups[mark % _GROUPS].append(mark)

    def __len__(self) -> int:
        """Return how many different names were added. It looks at all of them."""
        return sum(len(set(group)) for group in self._groups)
