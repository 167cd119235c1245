"""A CSV file as a source of runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.csv_file.records import RecordReader, UnreadableRecord
from xconnector.connectors.csv_file.rows import read_trailer
from xconnector.connectors.csv_file.settings import CsvFileSettings
from xconnector.contract.control import ControlSettings
from xconnector.contract.file_source import FileRecord, FileSource
from xconnector.domain.strict_json import Json


def csv_source(settings: CsvFileSettings) -> FileSource:
    """Return a source that reads CSV files; rows know their keys."""
    return FileSource(_CsvFormat(settings))


@dataclass(frozen=True, slots=True)
class _CsvFormat:
    settings: CsvFileSettings

    @property
    def control(self) -> ControlSettings:
        return self.settings.control

    def records(self, path: Path) -> Iterator[FileRecord]:
        for record in RecordReader(path, self.settings):
            yield FileRecord(
                position=record.line,
                line=record.line,
                payload=record.payload,
                data=record.data,
                key=record.key,
                wrong=record.reason if isinstance(record, UnreadableRecord) else None,
            )

    def trailer(self, path: Path) -> Json:
        records, *sums = read_trailer(path, self.settings) or [""]
        named: dict[str, Json] = {**dict(zip(self.settings.control.sums, sums, strict=False))}
        return {"records": records, "sums": named}
