"""Run sources that read files: what they all do alike, around the one thing in which they differ, their format."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from xconnector.contract.control import ControlKind, ControlSettings, Tally, declared_by, read_sidecar
from xconnector.contract.source import ControlTotals
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.record_path import PathError, RecordPath, key_of
from xconnector.domain.strict_json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One record as it stands in a file."""

    position: int
    """Where it stands, in the format's own way of counting, from 1."""
    line: int
    payload: bytes = field(repr=False)
    data: Mapping[str, Any] | None = field(repr=False)
    """None where it cannot be read; where it can, it counts in the sums even if it is set aside."""
    key: str | None = None
    """Where the format knows it; else it is looked up in the data."""
    wrong: str | None = None
    """Why it is to be set aside, where that is so."""


class FileFormat(Protocol):
    """How records stand in files of one kind."""

    @property
    def control(self) -> ControlSettings:
        """What is declared, and where."""
        ...

    def records(self, path: Path) -> Iterator[FileRecord]:
        """Yield every record in the file's order, streamed.

        Raises PermanentError naming file, line and remedy when the file as a whole cannot be read.
        """
        ...

    def trailer(self, path: Path) -> Json:
        """Return what the file's trailer declares, in the shape `{records, sums}`.

        Raises PermanentError when it has none.
        """
        ...


class FileSource:
    """Reads files of one format; holds nothing open between calls."""

    def __init__(self, form: FileFormat, *, key: Sequence[RecordPath] = ()) -> None:
        """Read files of this form.

        Args:
            form: how records stand in the files.
            key: paths of the fields that together name a record; none where the format knows its records' keys.
        """
        self._form = form
        self._key = tuple(key)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return None

    async def check(self) -> None:
        """There is nothing to reach: files come with the run."""

    def declared(self, path: Path) -> ControlTotals | None:
        control = self._form.control
        match control.kind:
            case ControlKind.NONE:
                return None
            case ControlKind.SIDECAR:
                return read_sidecar(path, control)
            case ControlKind.TRAILER:
                return declared_by(path, "its trailer", self._form.trailer(path), control)

    def read(self, path: Path, *, source: str, event_type: str) -> Iterator[SourceRecord | BadRecord]:
        for record in self._form.records(path):
            yield self._named(record, source, event_type)

    def records(self, path: Path) -> Iterator[FileRecord]:
        """Yield every record in the file's order, whether or not it has the key that the connection asks for.

        Raises PermanentError as `read` does.
        """
        yield from self._form.records(path)

    def totals(self, path: Path) -> ControlTotals:
        tally = Tally(self._form.control)
        for record in self._form.records(path):
            tally.add(record.data)
        return tally.totals()

    def _named(self, record: FileRecord, source: str, event_type: str) -> SourceRecord | BadRecord:
        key, wrong = record.key, record.wrong
        if self._key and record.data is not None:
            try:
                key = key_of(self._key, record.data)
            except PathError as missing:
                wrong = f"line {record.line}: {missing}"
        if wrong is None and key is not None and record.data is not None:
            return SourceRecord(
                source=source,
                source_key=key,
                event_type=event_type,
                occurred_at=None,
                payload=record.payload,
                data=record.data,
                position=record.position,
            )
        return BadRecord(
            source=source, source_key=key, payload=record.payload, reason=wrong or "", position=record.position
        )
