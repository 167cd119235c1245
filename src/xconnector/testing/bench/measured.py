"""What a measurement found, in units that compare."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What it cost to bring pieces through all stages."""

    pieces: int
    seconds: float
    """By the clock on the wall, from the first until all were through."""
    intake_seconds: float
    """Processor seconds of the program that took the file in; none for the floor, whose pieces are there."""
    worker_seconds: float
    """Processor seconds of all workers."""
    postgres_seconds: float
    """Processor seconds of the database server."""

    @property
    def per_second(self) -> float:
        return self.pieces / self.seconds

    @property
    def intake_milliseconds(self) -> float:
        """A piece."""
        return 1000 * self.intake_seconds / self.pieces

    @property
    def worker_milliseconds(self) -> float:
        """A piece."""
        return 1000 * self.worker_seconds / self.pieces

    @property
    def postgres_milliseconds(self) -> float:
        """A piece."""
        return 1000 * self.postgres_seconds / self.pieces

    @property
    def milliseconds(self) -> float:
        """Processor milliseconds a piece, of everything together."""
        return self.intake_milliseconds + self.worker_milliseconds + self.postgres_milliseconds


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the cost in the middle of several measurements, by processor time."""
    by_cost = sorted(costs, key=lambda cost: cost.milliseconds)
    return by_cost[(len(by_cost) - 1) // 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the bench's table."""

    name: str
    value: float
    unit: str = ""
    goal: str = ""
    """What the product promises, such as `>= 0.85`; empty for what is only told."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all do not exceed. Raises ValueError when there are none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
