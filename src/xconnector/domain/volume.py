"""Volume: how many records a run has when all is well."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What is promised of the number of records of a run; what is None promises nothing."""

    least: int | None = None
    most: int | None = None
    within: Decimal | None = None
    """How far from the median of the latest runs it may be, as a share of that median."""

    def breach(self, records: int, earlier: Sequence[int]) -> str | None:
        """Return how a number of records breaks the promise, given those of the latest runs; None where it keeps it."""
        if self.least is not None and records < self.least:
            return f"{records:,} records where at least {self.least:,} are promised"
        if self.most is not None and records > self.most:
            return f"{records:,} records where at most {self.most:,} are promised"
        if self.within is None or not earlier:
            return None
        usual = Decimal(median(earlier))
        if abs(records - usual) <= usual * self.within:
            return None
        return (
            f"{records:,} records, more than {self.within:.0%} away from {usual:,.0f}, "
            f"the median of the last {len(earlier)} runs"
        )
