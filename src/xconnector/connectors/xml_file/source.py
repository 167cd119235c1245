"""An XML file as a source of runs."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from xconnector.connectors.xml_file.elements import Element, read_elements, read_trailer
from xconnector.connectors.xml_file.settings import XmlFileSettings
from xconnector.contract.control import ControlKind, Tally, declared_by, read_sidecar
from xconnector.contract.source import ControlTotals
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.record_path import PathError, key_of, parse_path


class XmlFile:
    """Reads XML files; holds nothing open between calls."""

    def __init__(self, settings: XmlFileSettings) -> None:
        self._settings = settings
        self._key = [parse_path(path) for path in settings.key]

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
                return declared_by(path, "its trailer", read_trailer(path, self._settings), control)

    def read(self, path: Path, *, source: str, event_type: str) -> Iterator[SourceRecord | BadRecord]:
        for element in read_elements(path, self._settings):
            yield self._record(element, source, event_type)

    def totals(self, path: Path) -> ControlTotals:
        tally = Tally(self._settings.control)
        for element in read_elements(path, self._settings):
            tally.add(element.data)
        return tally.totals()

    def _record(self, element: Element, source: str, event_type: str) -> SourceRecord | BadRecord:
        key, reason = None, f"line {element.line}: the record has more than {self._settings.record_limit} bytes"
        try:
            key = key_of(self._key, element.data)
        except PathError as missing:
            reason = f"line {element.line}: {missing}"
        if key is None or element.is_too_long:
            return BadRecord(
                source=source, source_key=key, payload=element.payload, reason=reason, position=element.number
            )
        return SourceRecord(
            source=source,
            source_key=key,
            event_type=event_type,
            occurred_at=None,
            payload=element.payload,
            data=element.data,
            position=element.number,
        )
