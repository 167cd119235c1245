"""A CSV file as a source of runs."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from xconnector.connectors.csv_file.records import RecordReader, UnreadableRecord
from xconnector.connectors.csv_file.rows import read_trailer
from xconnector.connectors.csv_file.settings import CsvFileSettings
from xconnector.contract.control import ControlKind, Tally, declared_by, read_sidecar
from xconnector.contract.source import ControlTotals
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.strict_json import Json


class CsvFile:
    """Reads CSV files; holds nothing open between calls."""

    def __init__(self, settings: CsvFileSettings) -> None:
        self._settings = settings

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return None

    async def check(self) -> None:
        """There is nothing to reach: files come with the run."""

    def declared(self, path: Path) -> ControlTotals | None:
        control = self._settings.control
        match control.kind:
            case ControlKind.NONE:
                return None
            case ControlKind.SIDECAR:
                return read_sidecar(path, control)
            case ControlKind.TRAILER:
                records, *sums = read_trailer(path, self._settings) or [""]
                named: dict[str, Json] = {**dict(zip(control.sums, sums, strict=False))}
                return declared_by(path, "its trailer", {"records": records, "sums": named}, control)

    def read(self, path: Path, *, source: str, event_type: str) -> Iterator[SourceRecord | BadRecord]:
        for record in RecordReader(path, self._settings):
            if isinstance(record, UnreadableRecord):
                yield BadRecord(
                    source=source,
                    source_key=record.key,
                    payload=record.payload,
                    reason=record.reason,
                    position=record.line,
                )
            else:
                yield SourceRecord(
                    source=source,
                    source_key=record.key,
                    event_type=event_type,
                    occurred_at=None,
                    payload=record.payload,
                    data=record.data,
                    position=record.line,
                )

    def totals(self, path: Path) -> ControlTotals:
        tally = Tally(self._settings.control)
        for record in RecordReader(path, self._settings):
            tally.add(record.data)
        return tally.totals()
