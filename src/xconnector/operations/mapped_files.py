"""What a mapping makes of files: one line for each record, with where every value came from or why there is none.

Neither database nor project is needed where a shipped mapping is used. Files are read as streams.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

from xconnector.contract.errors import PermanentError
from xconnector.contract.file_source import FileRecord, FileSource
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.recognition import HEAD, RecognisedFile
from xconnector.contract.registry import connector_names, manifest
from xconnector.contract.source import RunSource
from xconnector.domain.event import SourceRecord
from xconnector.project.connection_settings import read_connections
from xconnector.project.findings import named_like
from xconnector.project.mapping import MappingError, RecordMapping
from xconnector.project.shipped_mappings import fitting, read_mapping, shipped_mapping, shipped_names
from xconnector.project.yaml_file import read_yaml

PROJECT_FILE = "xconnector.yaml"
_MAPPINGS = "mappings"


class MappedFilesError(Exception):
    """The mapping or a file cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedRecord:
    """What a mapping made of one record, or why it made nothing of it."""

    file: str
    """Path of the file, as it was named."""
    position: int | None
    """Where the record stands, as its format counts: lines, or records. None where the whole file cannot be read."""
    format: str | None
    """What the file is; None where that is not known."""
    mapping: str | None
    """Name of the mapping; None where none takes the record."""
    key: str | None = field(default=None, repr=False)
    """The record's own key, where the mapping names one."""
    customer: str | None = field(default=None, repr=False)
    """The customer's key."""
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    customer_fields: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Null takes back what the source said before."""
    verified: Sequence[str] = ()
    """Fields of the customer that the source vouches for, by name."""
    deleted: bool = False
    """Whether the source has deleted the customer."""
    lineage: Mapping[str, str | Sequence[str]] = field(default_factory=dict[str, str | Sequence[str]])
    """By field, the path of the record that gave its value, or all of them where several did."""
    error: str | None = None
    """Why the record is rejected; it names fields and paths, never values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFormat:
    """A format that files are recognised as."""

    name: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingChoice:
    """The mapping that was named, and how its project reads files for it."""

    mapping: RecordMapping
    connector: str | None = None
    """Of the connection that its feed reads files with; None where no feed does."""
    source: RunSource | None = None


_Told: TypeAlias = tuple[int | None, Mapping[str, Any] | None, str | None]
"""Position, data and what is wrong with a record."""


def known_formats() -> tuple[KnownFormat, ...]:
    """Return every format that an installed connector recognises, by name."""
    found = [
        KnownFormat(name=name, about=about)
        for _, known in _recognising()
        if known.recognition is not None
        for name, about in known.recognition.formats.items()
    ]
    return tuple(sorted(found, key=lambda one: one.name))


def choose_mapping(name: str, folder: Path, environment: Mapping[str, str]) -> MappingChoice:
    """Return the mapping of a name: that of the project in a folder, or else the shipped one.

    Raises MappedFilesError where there is none, ProjectError where the project's is wrong.
    """
    own = folder / _MAPPINGS / f"{name}.yaml"
    names = [path.stem for path in (folder / _MAPPINGS).glob("*.yaml")]
    if name in names:
        return _choice_of_project(read_mapping(own), folder, environment)
    if (shipped := shipped_mapping(name)) is not None:
        return MappingChoice(mapping=shipped)
    raise MappedFilesError(f"there is no mapping {name!r}: {named_like(name, [*names, *shipped_names()])}")


def recognised_source(file: Path) -> tuple[str, RunSource]:
    """Return what a file is by its beginning, and what reads it.

    Raises MappedFilesError where nobody knows it or it cannot be read.
    """
    found = _recognised(file)
    if found is None:
        raise MappedFilesError(
            f"{file.name} has none of the formats that are recognised: "
            f"{', '.join(one.name for one in known_formats())}; let a feed of a project read it, and name its mapping"
        )
    connector, recognised = found
    return recognised.format, _source(connector, recognised)


def map_files(files: Sequence[Path], choice: MappingChoice | None) -> Iterator[MappedRecord]:
    """Yield a line for each record of each file, in their order; a file that cannot be read has one with its error.

    Without a choice every record gets the shipped mapping that takes it.
    """
    for file in files:
        yield from _mapped(file, choice)


def records_of(file: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a file whose format is recognised, as mappings see them; what cannot be read is left out.

    Raises MappedFilesError where nobody knows its format, PermanentError where it cannot be read as a whole.
    """
    _, records = _opened(file, None)
    for _, data, _ in records:
        if data is not None:
            yield data


# ---------------------------------------------------------------------------- one file


def _mapped(file: Path, choice: MappingChoice | None) -> Iterator[MappedRecord]:
    form: str | None = None
    name = choice.mapping.name if choice else None
    try:
        form, records = _opened(file, choice)
        for position, data, wrong in records:
            if data is None:
                yield MappedRecord(file=_shown(file), position=position, format=form, mapping=name, error=wrong)
            else:
                yield _mapped_record(file, position, form, data, choice)
    except (PermanentError, MappedFilesError) as error:
        yield MappedRecord(file=_shown(file), position=None, format=form, mapping=name, error=str(error))


def _mapped_record(
    file: Path, position: int | None, form: str, data: Mapping[str, Any], choice: MappingChoice | None
) -> MappedRecord:
    mapping = choice.mapping if choice is not None else fitting(form, data)
    if mapping is None:
        error = f"no shipped mapping takes this record of format {form}: name one of your own, with --with"
        return MappedRecord(file=_shown(file), position=position, format=form, mapping=None, error=error)
    try:
        made = mapping.apply(data)
        lineage = mapping.lineage(data)
    except MappingError as wrong:
        return MappedRecord(file=_shown(file), position=position, format=form, mapping=mapping.name, error=str(wrong))
    return MappedRecord(
        file=_shown(file),
        position=position,
        format=form,
        mapping=mapping.name,
        key=made.source_key,
        customer=made.customer_key,
        fields=made.data,
        customer_fields=made.customer_fields,
        verified=sorted(made.verified),
        deleted=made.is_deleted,
        lineage={name: paths[0] if len(paths) == 1 else list(paths) for name, paths in lineage.items()},
    )


def _shown(file: Path) -> str:
    """Return a file's path as text that JSON can hold: a name may have bytes that are no UTF-8."""
    return str(file).encode(errors="replace").decode()


def _opened(file: Path, choice: MappingChoice | None) -> tuple[str, Iterator[_Told]]:
    """Return what a file is and its records.

    Raises MappedFilesError where nobody knows it.
    """
    if choice is not None and choice.source is not None and choice.connector is not None:
        return choice.connector.removesuffix("_file"), _records(choice.source, file)
    form, source = recognised_source(file)
    return form, _records(source, file)


def _records(source: RunSource, file: Path) -> Iterator[_Told]:
    if isinstance(source, FileSource):
        # The mapping names the records: they need not have the key that a connection asks for.
        for record in source.records(file):
            yield _told(record)
        return
    for one in source.read(file, source=file.stem, event_type=""):
        if isinstance(one, SourceRecord):
            yield one.position, one.data, None
        else:
            yield one.position, None, one.reason


def _told(record: FileRecord) -> _Told:
    return record.position, None if record.wrong else record.data, record.wrong


# ---------------------------------------------------------------------------- knowing a file


def _recognised(file: Path) -> tuple[str, RecognisedFile] | None:
    """Return the connector that knows a file best: one that the file itself tells of, before one that it looks like."""
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD)
    except OSError as unreadable:
        raise MappedFilesError(f"{file.name} cannot be read: {unreadable.strerror}") from None
    found = [
        (name, recognised)
        for name, known in _recognising()
        if known.recognition is not None and (recognised := known.recognition.recognise(head)) is not None
    ]
    return next((one for one in found if one[1].is_certain), found[0] if found else None)


def _recognising() -> Iterator[tuple[str, Manifest[Any]]]:
    for name in connector_names():
        known = manifest(name)
        if known.run_source is not None and known.recognition is not None:
            yield name, known


def _source(connector: str, recognised: RecognisedFile) -> RunSource:
    found = manifest(connector)
    # What a connection must say is its key; here the mapping does.
    columns = cast("Mapping[str, object]", recognised.settings.get("columns", {}))
    key = next(iter(columns), ".")
    settings = found.settings.model_validate({**recognised.settings, "key": [key]}).model_copy(update={"key": ()})
    assert found.run_source is not None
    return found.run_source(settings, Surroundings(project_folder=Path(), state_folder=Path()))


# ---------------------------------------------------------------------------- a project's own mapping


def _choice_of_project(mapping: RecordMapping, folder: Path, environment: Mapping[str, str]) -> MappingChoice:
    """Return a mapping with the connection of the feed that it belongs to, where that reads files."""
    file, _ = read_yaml(folder / PROJECT_FILE, PROJECT_FILE, environment)
    if file is None or not isinstance(file.content, dict):
        return MappingChoice(mapping=mapping)
    feeds = file.content.get("feeds")
    connections, _ = read_connections(file, folder)
    for feed in feeds.values() if isinstance(feeds, dict) else ():
        name = feed.get("connection") if isinstance(feed, dict) and feed.get("mapping") == mapping.name else None
        known = connections.get(name) if isinstance(name, str) else None
        if known is None or known.manifest is None or known.settings is None or known.manifest.run_source is None:
            continue
        source = known.manifest.run_source(known.settings, known.surroundings)
        return MappingChoice(mapping=mapping, connector=known.manifest.name, source=source)
    return MappingChoice(mapping=mapping)
