"""Reconciliation: what came in must equal what ended plus what is still on its way."""

from collections.abc import Mapping
from dataclasses import dataclass

from xconnector.domain.communication import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The account of one run or one day.

    `came_in` is counted where records arrive, `standings` where communications live: two
    separate counts, so that a loss between them shows as a difference.
    """

    came_in: int
    standings: Mapping[Standing, int]
    declared: int | None = None
    """Records that the source announced in its control totals, where it did."""
    records_read: int = 0
    expected: int | None = None
    """Records counted in the run's file before the first was taken; None where it is no account of one run."""
    unsealed: int = 0
    """Runs whose file is not read to its end: an intake is at work, or was interrupted."""

    @property
    def accounted(self) -> int:
        return sum(self.standings.values())

    @property
    def difference(self) -> int:
        """What came in less what is accounted for: 0 when nothing is lost and nothing was made twice."""
        return self.came_in - self.accounted

    @property
    def undeclared(self) -> int:
        """Records read less records declared; 0 where the source declared nothing."""
        return 0 if self.declared is None else self.records_read - self.declared

    @property
    def unread(self) -> int:
        """Records of the run's file that have not come in; 0 where it is no account of one run."""
        return 0 if self.expected is None else self.expected - self.records_read

    @property
    def sealed(self) -> bool:
        """Say whether every file was read to its end."""
        return self.unsealed == 0

    @property
    def closes(self) -> bool:
        """Say whether nothing is missing: of what came in, and of what had to come."""
        return self.sealed and self.difference == 0 and self.undeclared == 0 and self.unread == 0

    @property
    def is_through(self) -> bool:
        """Say whether nothing is in progress any more."""
        return self.standings.get(Standing.IN_PROGRESS, 0) == 0
