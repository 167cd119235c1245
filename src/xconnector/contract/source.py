"""The role of a source of runs: it reads files of records and checks their control totals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from xconnector.contract.lifecycle import Connector
from xconnector.domain.event import BadRecord, SourceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTotals:
    """What a file holds: counted by us, or declared by its maker in a trailer or sidecar."""

    records: int
    sums: Mapping[str, Decimal]
    """Sum of each controlled field."""


class ControlTotalsMismatchError(Exception):
    """What was read differs from what the source declared. The message names both."""


def confirm_totals(path: Path, declared: ControlTotals, counted: ControlTotals) -> None:
    """Raise ControlTotalsMismatchError, naming every difference, unless what was counted is what was declared."""
    differences: list[str] = []
    if declared.records != counted.records:
        differences.append(f"{declared.records} records declared, {counted.records} read")
    for name, amount in declared.sums.items():
        read = counted.sums.get(name, Decimal(0))
        if amount != read:
            differences.append(f"sum of {name} declared {amount}, read {read}")
    if differences:
        raise ControlTotalsMismatchError(
            f"{path.name}: {'; '.join(differences)}. Nothing was made; ask the file's maker for a whole file."
        )


class RunSource(Connector, Protocol):
    """Reads a run's file as a stream: memory does not grow with the file."""

    def declared(self, path: Path) -> ControlTotals | None:
        """Return the totals that the file's maker declared, or None where the project asks for none.

        Raises PermanentError when the project asks for totals and the file has none.
        """
        ...

    def read(self, path: Path, *, source: str, event_type: str) -> Iterator[SourceRecord | BadRecord]:
        """Yield every record in the file's order; an unreadable one as a BadRecord with its bytes.

        `source` and `event_type` are what the feed calls these records and stand in each of them.

        Raises PermanentError naming file, line and remedy when the file as a whole cannot be read.
        """
        ...

    def totals(self, path: Path) -> ControlTotals:
        """Read the whole file once and return what it holds, to be compared before anything is made.

        Raises PermanentError as `read` does.
        """
        ...
