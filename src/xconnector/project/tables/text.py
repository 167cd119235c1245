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
    sheets: tuple[str, str] = ("", "")
    """Name of the sheet of the rows, and of that of the tests; empty where a file has none."""
    columns: Mapping[str, int] = field(default_factory=dict[str, int])
    """Number of each column `when`, by its input, from 1."""

    def finding(self, row: str | None, message: str, remedy: str) -> Finding:
        """Return a finding about a row, or about the header."""
        line = self.header if row is None else self.rows[row]
        return Finding(file=self.file, line=line, message=on_sheet(self.sheets[0], message), remedy=remedy)

    def finding_in_test(self, case: str, message: str, remedy: str) -> Finding:
        """Return a finding about a test, by its name."""
        line = self.cases.get(case, self.header)
        return Finding(file=self.file, line=line, message=on_sheet(self.sheets[1], message), remedy=remedy)


def on_sheet(sheet: str, message: str) -> str:
    """Return a message with the sheet on which its line stands; a file without sheets has none."""
    return f"sheet {sheet}: {message}" if sheet else message
