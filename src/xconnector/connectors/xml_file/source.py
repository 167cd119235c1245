"""An XML file as a source of runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.xml_file.elements import Element, read_elements, read_trailer
from xconnector.connectors.xml_file.settings import XmlFileSettings
from xconnector.contract.control import ControlSettings
from xconnector.contract.file_source import FileRecord, FileSource
from xconnector.domain.record_path import parse_path
from xconnector.domain.strict_json import Json


def xml_source(settings: XmlFileSettings) -> FileSource:
    """Return a source that reads XML files."""
    return FileSource(_XmlFormat(settings), key=[parse_path(path) for path in settings.key])


@dataclass(frozen=True, slots=True)
class _XmlFormat:
    settings: XmlFileSettings

    @property
    def control(self) -> ControlSettings:
        return self.settings.control

    def records(self, path: Path) -> Iterator[FileRecord]:
        for element in read_elements(path, self.settings):
            yield FileRecord(
                position=element.number,
                line=element.line,
                payload=element.payload,
                data=element.data,
                wrong=self._too_long(element) if element.is_too_long else None,
            )

    def trailer(self, path: Path) -> Json:
        return read_trailer(path, self.settings)

    def _too_long(self, element: Element) -> str:
        return f"line {element.line}: the record has more than {self.settings.record_limit} bytes"
