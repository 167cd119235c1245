"""What a directory gives back: which files are whose, and whether all of them are there."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from xconnector.connectors.exstream.communications_server.file_names import SUFFIXES, names_of, path_of
from xconnector.connectors.exstream.communications_server.inbox import told
from xconnector.connectors.exstream.communications_server.settings import (
    DirectoryResultsInDeliveryFile,
    DirectoryResultsInFiles,
)
from xconnector.connectors.exstream.delivery_file import (
    DeliveredCustomer,
    GrowingDeliveryFileError,
    read_delivery_file,
)
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.key import BY_POSITION
from xconnector.connectors.exstream.outputs import QueueOutput, composition_of
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, PermanentError, TransientError

Name = str | int
"""What a customer is known by: its key, or where it stood in the submission, counted from 1."""

_ENGINE = "Exstream Communications Server by its Directory input"
_POSITION = re.compile(r"\d{1,9}", re.ASCII)
_DEPTHS = (2, 1, 3, 4)
"""How many last parts of a listed name are looked for beside the delivery file: seen is a queue's folder and a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """A customer's file in a queue of the design."""

    queue: str
    media_type: str
    path: Path | None = field(repr=False)
    """None where a listed file is not below the results' folder."""
    pages: int | None = None
    size: int | None = None
    """In bytes, as it is listed; None where it is not."""
    customers: int = 1
    """How many customers share it."""


Results = Mapping[Name, list[ResultFile]]
"""By customer, its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFolder:
    """Where the results of submissions appear. Every method does I/O and blocks."""

    settings: DirectoryResultsInDeliveryFile | DirectoryResultsInFiles
    folder: Path
    may_make: bool

    def check(self) -> None:
        """Prove that the folder can be read. Raises TransientError or MisconfiguredError."""
        with told(self.folder):
            if self.may_make:
                self.folder.mkdir(parents=True, exist_ok=True)
            with os.scandir(self.folder) as entries:
                next(entries, None)

    def whole(self, submission_key: str, design: ExstreamDesign, now: datetime) -> Results | None:
        """Return the results once all of them are there; None before.

        Raises TransientError or MisconfiguredError, and PermanentError where they cannot be read.
        """
        if isinstance(self.settings, DirectoryResultsInDeliveryFile):
            return _listed(self.folder / path_of(self.settings.name, submission_key), design)
        return self._named(self.settings, submission_key, design, now)

    def _named(
        self, settings: DirectoryResultsInFiles, submission_key: str, design: ExstreamDesign, now: datetime
    ) -> Results | None:
        trigger = settings.trigger
        if trigger is not None and not (self.folder / path_of(trigger, submission_key)).is_file():
            return None
        found: dict[Name, list[ResultFile]] = {}
        newest = 0.0
        for entry, match in self._entries(settings, submission_key):
            newest = max(newest, entry.stat().st_mtime)
            name = _name(match["key"], design)
            if name is not None:
                found.setdefault(name, []).append(_result_file(entry, match, settings))
        if trigger is None and (not found or newest > now.timestamp() - settings.settled_after.total_seconds()):
            return None
        return found

    def _entries(
        self, settings: DirectoryResultsInFiles, submission_key: str
    ) -> "list[tuple[os.DirEntry[str], re.Match[str]]]":
        folder, spelled = names_of(settings.name, submission_key)
        with told(self.folder):
            try:
                with os.scandir(self.folder / folder) as entries:
                    matched = ((entry, spelled.fullmatch(entry.name)) for entry in entries)
                    found = [(entry, match) for entry, match in matched if match and _is_file(entry)]
            except FileNotFoundError:
                return []
        return sorted(found, key=lambda one: one[0].name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """How a submission's files are fetched."""

    design: ExstreamDesign
    template: str
    largest: int
    """The most bytes of one document."""
    may_still_come: bool
    """Whether a file that is listed and not there may be on its way: network file systems show files late."""


def result_of(files: list[ResultFile], fetching: Fetching) -> Composition | ConnectorError:
    """Return what a customer's files make. Blocks."""
    design, template = fetching.design, fetching.template
    queues = {output.queue for output in design.outputs.values()}
    try:
        outputs = [_output(file, fetching) for file in files if file.queue in queues]
        return composition_of(outputs, design, template=template, kinds=None, engine=_ENGINE)
    except ConnectorError as error:
        return error


def _output(file: ResultFile, fetching: Fetching) -> QueueOutput:
    """Read one file. Raises PermanentError or TransientError, without its name, which may tell whose it is."""
    which = f"template {fetching.template!r}: the file of queue {file.queue!r}"
    if file.customers > 1:
        raise PermanentError(f"{which} holds {file.customers} customers: let the design begin a file for each")
    content = _content(file.path, fetching.largest)
    if content is None or (file.size is not None and len(content) < file.size):
        if fetching.may_still_come:
            raise TransientError(f"{which} is listed and not whole below the results' folder: is it on its way here?")
        raise PermanentError(f"{which} is listed and not whole below the results' folder: let the design write there")
    if len(content) > fetching.largest:
        raise PermanentError(f"{which} has more than {fetching.largest} bytes: raise `largest_output`")
    return QueueOutput(queue=file.queue, media_type=file.media_type, content=content, pages=file.pages)


def _content(path: Path | None, largest: int) -> bytes | None:
    """Return a file's content, one byte more than allowed at most; None where it cannot be read."""
    if path is None:
        return None
    try:
        with path.open("rb") as stream:
            return stream.read(largest + 1)
    except OSError:
        return None


def _listed(path: Path, design: ExstreamDesign) -> Results | None:
    """Return what a delivery file lists; None where there is none yet, or one that is still being written."""
    found: dict[Name, list[ResultFile]] = {}
    with told(path.parent):
        try:
            with path.open("rb") as stream:
                for file in read_delivery_file(stream):
                    result = ResultFile(
                        queue=file.queue,
                        media_type=file.media_type,
                        path=_beside(path.parent, file.name),
                        pages=file.pages,
                        size=file.size,
                        customers=len(file.customers),
                    )
                    for customer in file.customers:
                        _add(found, _name_of(customer, design), result)
        except (FileNotFoundError, GrowingDeliveryFileError):
            return None
    return found


def _add(found: dict[Name, list[ResultFile]], name: Name | None, result: ResultFile) -> None:
    """Keep a customer's file once, however often it is listed."""
    if name is not None and result not in (files := found.setdefault(name, [])):
        files.append(result)


def _beside(folder: Path, name: str) -> Path | None:
    """Return where a listed file lies; its name is the server's, and only its last parts are looked for here."""
    parts = [part for part in re.split(r"[/\\]", name) if part]
    if "\0" in name or ".." in parts:
        return None
    root = folder.resolve()
    for depth in _DEPTHS:
        if depth > len(parts):
            continue
        path = folder.joinpath(*parts[-depth:]).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
    return None


def _name_of(customer: DeliveredCustomer, design: ExstreamDesign) -> Name | None:
    return customer.number if design.key.name == BY_POSITION else customer.keys.get(design.key.name)


def _name(key: str, design: ExstreamDesign) -> Name | None:
    if design.key.name != BY_POSITION:
        return key
    return int(key) if _POSITION.fullmatch(key) else None


def _result_file(entry: "os.DirEntry[str]", match: re.Match[str], settings: DirectoryResultsInFiles) -> ResultFile:
    places = match.groupdict()
    suffix = places.get("suffix") or entry.name.rpartition(".")[2].lower()
    return ResultFile(
        queue=places.get("queue") or settings.queue,
        media_type=SUFFIXES.get(suffix, ""),
        path=Path(entry.path),
    )


def _is_file(entry: "os.DirEntry[str]") -> bool:
    # A link may lead out of the folder.
    return entry.is_file(follow_symlinks=False)
