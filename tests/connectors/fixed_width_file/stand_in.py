"""Writes files of fixed width for the conformance suite."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from xconnector.contract.source import ControlTotals


class FixedWidthFiles:
    settings: Mapping[str, object] = {
        "key": ["account"],
        "columns": {"account": "1-20", "amount": "21-35", "text": "36-80"},
    }

    def write(self, path: Path, records: Sequence[Mapping[str, str]]) -> None:
        path.write_text("".join(map(_line, records)), encoding="utf-8")

    def write_with_trailer(self, path: Path, records: Sequence[Mapping[str, str]], totals: ControlTotals) -> None:
        self.write(path, records)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"TRAILER {totals.records:06} {' '.join(str(amount) for amount in totals.sums.values())}\n")


def _line(record: Mapping[str, str]) -> str:
    return f"{record.get('account', ''):20}{record['amount']:15}{record['text']:45}\n"


RUN_FILES = FixedWidthFiles()
