"""A file of fixed width as a source of runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.fixed_width_file.lines import read_lines, read_trailer
from xconnector.connectors.fixed_width_file.settings import FixedWidthFileSettings
from xconnector.contract.control import ControlSettings
from xconnector.contract.file_source import FileRecord, FileSource
from xconnector.domain.record_path import parse_path
from xconnector.domain.strict_json import Json


def fixed_width_source(settings: FixedWidthFileSettings) -> FileSource:
    """Return a source that reads files of fixed width."""
    return FileSource(_FixedWidthFormat(settings), key=[parse_path(f'"{column}"') for column in settings.key])


@dataclass(frozen=True, slots=True)
class _FixedWidthFormat:
    settings: FixedWidthFileSettings

    @property
    def control(self) -> ControlSettings:
        return self.settings.control

    def records(self, path: Path) -> Iterator[FileRecord]:
        for line in read_lines(path, self.settings):
            yield FileRecord(
                position=line.number,
                line=line.number,
                payload=line.payload,
                data=line.data,
                wrong=line.wrong if line.data is None else None,
            )

    def trailer(self, path: Path) -> Json:
        return read_trailer(path, self.settings)
