"""What a directory gives back: which files are whose, and whether all of them are there."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from xconnector.connectors.exstream.communications_server.file_names import SUFFIXES, folder_of, names_of, path_of
from xconnector.connectors.exstream.communications_server.inbox import told
from xconnector.connectors.exstream.communications_server.settings import (
    DirectoryResultsInDeliveryFile,
    DirectoryResultsInFiles,
)
from xconnector.connectors.exstream.delivered import DeliveredCustomers
from xconnector.connectors.exstream.delivery_file import (
    DeliveredCustomer,
    DeliveredFile,
    GrowingDeliveryFileError,
    read_delivery_file,
)
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.key import BY_POSITION
from xconnector.contract.errors import PermanentError, TransientError

_POSITION = re.compile(r"\d{1,9}", re.ASCII)
_DEPTHS = (2, 1, 3, 4)
"""How many last parts of a listed name are looked for beside the delivery file: seen is a queue's folder and a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFolder:
    """Where the results of submissions appear. Every method does I/O and blocks."""

    settings: DirectoryResultsInDeliveryFile | DirectoryResultsInFiles
    folder: Path
    scratch: Path
    """A folder of our own for working files."""
    may_make: bool

    def check(self) -> None:
        """Prove that the folder can be read. Raises TransientError or MisconfiguredError."""
        with told(self.folder):
            if self.may_make:
                self.folder.mkdir(parents=True, exist_ok=True)
            with os.scandir(self.folder) as entries:
                next(entries, None)

    def whole(
        self, submission_key: str, design: ExstreamDesign, now: datetime, *, at_least: int = 0
    ) -> DeliveredCustomers | None:
        """Return whose files there are once all of them are there, to be closed; None before.

        Where nothing but time tells that files are whole, they are of `at_least` so many customers.

        Raises TransientError or MisconfiguredError, and PermanentError where they cannot be read.
        """
        self.check()
        customers = DeliveredCustomers(design, scratch=self.scratch)
        try:
            with told(self.folder):
                is_whole = self._gathered(customers, submission_key, design, now, at_least)
        except BaseException:
            customers.close()
            raise
        if not is_whole:
            customers.close()
            return None
        return customers

    def awaited(self, submission_key: str) -> str:
        """Return what tells that results are whole, as an operator looks for it."""
        settings = self.settings
        if isinstance(settings, DirectoryResultsInDeliveryFile):
            return f"{self.folder / path_of(settings.name, submission_key)} is awaited, whole"
        if settings.trigger is not None:
            return f"{self.folder / path_of(settings.trigger, submission_key)} is awaited"
        return f"a file for every customer is awaited, such as {self.folder / path_of(settings.name, submission_key)}"

    def opened(self, submission_key: str, name: str, *, largest: int, may_still_come: bool) -> BinaryIO:
        """Open a file of a submission's results.

        Raises PermanentError without its name, which may tell whose it is; TransientError where it may still come:
        network file systems show files late.
        """
        path = self._path(submission_key, name)
        if path is None or not path.is_file():
            where = "a file of this customer is listed, and not there below the results' folder"
            if may_still_come:
                raise TransientError(f"{where}: is it on its way?")
            raise PermanentError(f"{where}: let the design write below it, or see whether it was removed")
        with told(self.folder):
            file = path.open("rb")
        if os.fstat(file.fileno()).st_size > largest:
            file.close()
            raise PermanentError(f"a file of this customer has more than {largest} bytes: raise `largest_output`")
        return file

    def _gathered(
        self, customers: DeliveredCustomers, submission_key: str, design: ExstreamDesign, now: datetime, at_least: int
    ) -> bool:
        """Gather whose files there are, and say whether they are whole."""
        if isinstance(self.settings, DirectoryResultsInDeliveryFile):
            return _listed(self.folder / path_of(self.settings.name, submission_key), customers)
        return self._named(self.settings, customers, submission_key, design, now, at_least)

    def _named(
        self,
        settings: DirectoryResultsInFiles,
        customers: DeliveredCustomers,
        submission_key: str,
        design: ExstreamDesign,
        now: datetime,
        at_least: int,
    ) -> bool:
        # Looked for before the files are: what is listed afterwards is all that the trigger speaks of.
        trigger = settings.trigger
        if trigger is not None and not (self.folder / path_of(trigger, submission_key)).is_file():
            return False
        newest, keys = 0.0, set[str]()
        for entry, match in self._entries(settings, submission_key, design):
            newest = max(newest, entry.stat().st_mtime)
            keys.add(match["key"])
            customers.add(_delivered(entry, match, settings, design))
        if trigger is not None:
            return True
        # A server that pauses longer is seldom, one that has not come to all customers is not.
        return len(keys) >= max(at_least, 1) and newest <= now.timestamp() - settings.settled_after.total_seconds()

    def _entries(
        self, settings: DirectoryResultsInFiles, submission_key: str, design: ExstreamDesign
    ) -> "Iterator[tuple[os.DirEntry[str], re.Match[str]]]":
        folder = self.folder / folder_of(settings.name, submission_key)
        spelled = names_of(settings.name, submission_key, {output.queue for output in design.outputs.values()})
        if not folder.is_dir():
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                match = spelled.fullmatch(entry.name)
                # A link may lead out of the folder.
                if match and entry.is_file(follow_symlinks=False):
                    yield entry, match

    def _path(self, submission_key: str, name: str) -> Path | None:
        if isinstance(self.settings, DirectoryResultsInDeliveryFile):
            return _beside((self.folder / path_of(self.settings.name, submission_key)).parent, name)
        return self.folder / folder_of(self.settings.name, submission_key) / name


def _listed(path: Path, customers: DeliveredCustomers) -> bool:
    """Take in what a delivery file lists; False where there is none yet, or one that is still being written."""
    try:
        with path.open("rb") as stream:
            for file in read_delivery_file(stream):
                customers.add(file)
    except (FileNotFoundError, GrowingDeliveryFileError):
        return False
    return True


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


def _delivered(
    entry: "os.DirEntry[str]", match: re.Match[str], settings: DirectoryResultsInFiles, design: ExstreamDesign
) -> DeliveredFile:
    """Return a single file as a delivery file would list it."""
    places = match.groupdict()
    suffix = places.get("suffix") or entry.name.rpartition(".")[2].lower()
    return DeliveredFile(
        queue=places.get("queue") or settings.queue,
        media_type=SUFFIXES.get(suffix, ""),
        pdl="",
        name=entry.name,
        customers=(_customer(match["key"], design.key.name),),
        pages=None,
        size=None,
    )


def _customer(key: str, key_name: str) -> DeliveredCustomer:
    if key_name != BY_POSITION:
        return DeliveredCustomer(number=None, keys={key_name: key})
    return DeliveredCustomer(number=int(key) if _POSITION.fullmatch(key) else None, keys={})
