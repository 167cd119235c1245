"""A table that is understood, and where its rows stand in their file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xconnector.domain.decision.table import DecisionTable
from xconnector.project.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class TableText:
    """A table, and where its rows stand."""

    table: DecisionTable
    file: str
    header: int
    """Line of the header."""
    rows: Mapping[str, int]
    """Line of each row, by its id."""
    cases: Mapping[str, int] = field(default_factory=dict[str, int])
    """Line of each test, by its name."""
    columns: Mapping[str, int] = field(default_factory=dict[str, int])
    """Number of each column `when`, by its input, from 1."""

    def finding(self, row: str | None, message: str, remedy: str) -> Finding:
        """Return a finding about a row, or about the header."""
        line = self.header if row is None else self.rows[row]
        return Finding(file=self.file, line=line, message=message, remedy=remedy)

    def finding_in_test(self, case: str, message: str, remedy: str) -> Finding:
        """Return a finding about a test, by its name."""
        return Finding(file=self.file, line=self.cases.get(case, self.header), message=message, remedy=remedy)
