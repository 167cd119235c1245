"""Writes CSV files for the conformance suite."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Writer

from xconnector.contract.source import ControlTotals

COLUMNS = ("account", "amount", "text")


class CsvFiles:
    settings: Mapping[str, object] = {"key": ["account"], "delimiter": ";"}

    def write(self, path: Path, records: Sequence[Mapping[str, str]]) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            self._rows(csv.writer(file, delimiter=";"), records)

    def write_with_trailer(self, path: Path, records: Sequence[Mapping[str, str]], totals: ControlTotals) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            self._rows(writer, records)
            writer.writerow(["TRAILER", totals.records, *totals.sums.values()])

    def _rows(self, writer: "Writer", records: Sequence[Mapping[str, str]]) -> None:
        writer.writerow(COLUMNS)
        writer.writerows([record.get(column, "") for column in COLUMNS] for record in records)


RUN_FILES = CsvFiles()
