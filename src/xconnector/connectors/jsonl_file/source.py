"""A JSON Lines file as a source of runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.jsonl_file.changes import read_changes
from xconnector.connectors.jsonl_file.lines import read_lines, read_trailer
from xconnector.connectors.jsonl_file.settings import JsonlFileSettings
from xconnector.contract.control import ControlSettings
from xconnector.contract.file_source import FileRecord, FileSource
from xconnector.domain.record_path import parse_path
from xconnector.domain.strict_json import Json


def jsonl_source(settings: JsonlFileSettings) -> FileSource:
    """Return a source that reads JSON Lines."""
    return FileSource(_JsonlFormat(settings), key=[parse_path(path) for path in settings.key])


@dataclass(frozen=True, slots=True)
class _JsonlFormat:
    settings: JsonlFileSettings

    @property
    def control(self) -> ControlSettings:
        return self.settings.control

    def records(self, path: Path) -> Iterator[FileRecord]:
        lines = read_lines(path, self.settings)
        for number, line in enumerate(read_changes(lines) if self.settings.change_events else lines, start=1):
            yield FileRecord(
                position=number if self.settings.layout == "list" else line.number,
                line=line.number,
                payload=line.payload,
                data=line.data,
                wrong=line.wrong if line.data is None else None,
            )

    def trailer(self, path: Path) -> Json:
        return read_trailer(path, self.settings)
