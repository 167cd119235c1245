"""An X12 file as a source of runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.x12_file.records import read_records
from xconnector.connectors.x12_file.settings import X12FileSettings
from xconnector.contract.control import ControlSettings
from xconnector.contract.errors import PermanentError
from xconnector.contract.file_source import FileRecord, FileSource
from xconnector.domain.record_path import parse_path
from xconnector.domain.strict_json import Json


def x12_source(settings: X12FileSettings) -> FileSource:
    """Return a source that reads X12 files."""
    return FileSource(_X12Format(settings), key=[parse_path(path) for path in settings.key])


@dataclass(frozen=True, slots=True)
class _X12Format:
    settings: X12FileSettings

    @property
    def control(self) -> ControlSettings:
        return self.settings.control

    def records(self, path: Path) -> Iterator[FileRecord]:
        for record in read_records(path, self.settings):
            yield FileRecord(
                position=record.number,
                line=record.line,
                payload=record.payload,
                data=record.data,
                wrong=record.wrong or None,
            )

    def trailer(self, path: Path) -> Json:
        raise PermanentError(f"{path.name}: X12 has no trailer for control totals; use a sidecar")
