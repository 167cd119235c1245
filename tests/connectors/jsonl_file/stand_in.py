"""Writes JSON Lines files for the conformance suite."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from xconnector.contract.source import ControlTotals


class JsonlFiles:
    settings: Mapping[str, object] = {"key": ["account"]}

    def write(self, path: Path, records: Sequence[Mapping[str, str]]) -> None:
        path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")

    def write_with_trailer(self, path: Path, records: Sequence[Mapping[str, str]], totals: ControlTotals) -> None:
        self.write(path, records)
        sums = {name: str(amount) for name, amount in totals.sums.items()}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"trailer": {"records": totals.records, "sums": sums}}))


RUN_FILES = JsonlFiles()
