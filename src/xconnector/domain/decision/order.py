"""Which names stand elsewhere among the others than they did: the fewest whose move explains the new order."""

from bisect import bisect_left
from collections.abc import Sequence


def moved(old: Sequence[str], new: Sequence[str]) -> Sequence[str]:
    """Return the fewest names that were moved, in their new order; what only one of both holds was not."""
    places = {name: at for at, name in enumerate(old)}
    kept = [name for name in new if name in places]
    staying = _longest_rising([places[name] for name in kept])
    return [name for name in kept if places[name] not in staying]


def _longest_rising(places: Sequence[int]) -> frozenset[int]:
    """Return the longest run of places, not necessarily neighbours, of which each lies above the one before."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(ends, place)
        before[place] = ends[at - 1] if at else None
        ends[at : at + 1] = [place]
    run: set[int] = set()
    place = ends[-1] if ends else None
    while place is not None:
        run.add(place)
        place = before[place]
    return frozenset(run)
