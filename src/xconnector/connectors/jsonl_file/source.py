"""A JSON Lines file as a source of runs."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from xconnector.connectors.jsonl_file.lines import Line, read_lines, read_trailer
from xconnector.connectors.jsonl_file.settings import JsonlFileSettings
from xconnector.contract.control import ControlKind, Tally, declared_by, read_sidecar
from xconnector.contract.source import ControlTotals
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.record_path import PathError, key_of, parse_path


class JsonlFile:
    """Reads JSON Lines files; holds nothing open between calls."""

    def __init__(self, settings: JsonlFileSettings) -> None:
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
        for line in read_lines(path, self._settings):
            yield self._record(line, source, event_type)

    def totals(self, path: Path) -> ControlTotals:
        tally = Tally(self._settings.control)
        for line in read_lines(path, self._settings):
            tally.add(line.data)
        return tally.totals()

    def _record(self, line: Line, source: str, event_type: str) -> SourceRecord | BadRecord:
        key, reason = None, line.wrong
        if line.data is not None:
            try:
                key = key_of(self._key, line.data)
            except PathError as missing:
                reason = f"line {line.number}: {missing}"
        if line.data is None or key is None:
            return BadRecord(source=source, source_key=key, payload=line.payload, reason=reason, position=line.number)
        return SourceRecord(
            source=source,
            source_key=key,
            event_type=event_type,
            occurred_at=None,
            payload=line.payload,
            data=line.data,
            position=line.number,
        )
