"""Where batch jobs write: a mounted file system. Nothing outside of the mount is ever read, and no link is followed."""

import errno
import os
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Protocol

from xconnector.connectors.exstream.cloud.batch_settings import Outputs
from xconnector.connectors.exstream.cloud.output_path import Segment, matching, segments_of, tail_of
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not waiting: a pipe that lies in an output folder must not hold us up.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NO_FILES = frozenset({errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.EINVAL})
"""What a link, a name that none can be, or a socket gives."""
_FOLDERS_HELD = 8


class OutputMissingError(Exception):
    """A file is not there, or is nothing that may be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery file that lies in a flow's output folder."""

    job: str
    flow: str
    folder: tuple[str, ...] = field(repr=False)
    """Of the outputs, as seen from the mount."""
    size: int
    modified_at: datetime

    def tail(self, name: str) -> tuple[str, ...]:
        """Return where a file that Exstream names lies below the folder. Raises OutputMissingError."""
        tail = tail_of(name, self.folder)
        if tail is None:
            raise OutputMissingError
        return tail


class OutputStore(Protocol):
    """Finds and reads the outputs of jobs. Its methods block: call them from a thread.

    All raise TransientError where the store cannot be reached, MisconfiguredError where it is not there.
    """

    def check(self) -> None:
        """Prove that the store is there."""
        ...

    def deliveries(self, job: str, flow: str | None) -> Sequence[Delivery]:
        """Return the delivery files of one flow of a job, or of all its flows; there may be one for each step."""
        ...

    def since(self, moment: datetime) -> Iterator[Delivery]:
        """Yield the delivery files of all jobs that were written to after this moment."""
        ...

    def opened(self, delivery: Delivery) -> BinaryIO:
        """Open a delivery file; the caller closes it. Raises OutputMissingError."""
        ...

    def reader(self) -> "OutputReader":
        """Return what reads output files; it opens nothing before it is used."""
        ...


class OutputReader(Protocol):
    """Reads one output file after the other, from one thread at a time. Close it."""

    def output(self, delivery: Delivery, name: str) -> BinaryIO:
        """Open an output file by the name that Exstream gives it; the caller closes it.

        Raises OutputMissingError, PermanentError where it is larger than allowed.
        """
        ...

    def close(self) -> None:
        """Give back what is held open; closing again changes nothing."""
        ...


def searched(settings: Outputs, known: Mapping[str, str]) -> Sequence[Segment]:
    """Return the path of the outputs with these places filled. Raises MisconfiguredError."""
    try:
        return segments_of(settings.path, known)
    except ValueError as wrong:
        raise MisconfiguredError(f"the outputs' path cannot be made: {wrong}") from None


def too_large(settings: Outputs) -> PermanentError:
    return PermanentError(f"an output file has more than {settings.largest_file} bytes: raise `outputs.largest_file`")


class MountedOutputs:
    """Outputs in a mounted file system."""

    def __init__(self, settings: Outputs, *, domain: str, mount: Path) -> None:
        self._settings = settings
        self._domain = domain
        self._mount = mount

    def check(self) -> None:
        with self._root():
            pass

    def deliveries(self, job: str, flow: str | None) -> Sequence[Delivery]:
        known = {"domain": self._domain, "job": job, **({} if flow is None else {"flow": flow})}
        with self._root() as root:
            return list(self._found(root, searched(self._settings, known), known))

    def since(self, moment: datetime) -> Iterator[Delivery]:
        known = {"domain": self._domain}
        with self._root() as root:
            for found in self._found(root, searched(self._settings, known), known, since=moment.timestamp()):
                if found.modified_at >= moment:
                    yield found

    def opened(self, delivery: Delivery) -> BinaryIO:
        with self._root() as root, _told_apart(), _folder(root, delivery.folder) as folder:
            return _file(self._settings.delivery_file, folder)

    def reader(self) -> "MountedReader":
        return MountedReader(self._settings, self._root)

    def _found(
        self, root: int, steps: Sequence[Segment], known: Mapping[str, str], *, since: float = 0.0
    ) -> Iterator[Delivery]:
        def folders(above: Sequence[str], step: Segment) -> Sequence[str]:
            # The folder of a job that began later is younger: older ones need not be looked into.
            return _folders(root, above, since=since if step.names_job else 0.0)

        for folder, places in matching(steps, known, folders):
            try:
                with _told_apart(), _folder(root, folder) as opened:
                    told = os.stat(self._settings.delivery_file, dir_fd=opened, follow_symlinks=False)
            except OutputMissingError:
                continue
            if S_ISREG(told.st_mode):
                yield Delivery(
                    job=places["job"],
                    flow=places["flow"],
                    folder=folder,
                    size=told.st_size,
                    modified_at=datetime.fromtimestamp(told.st_mtime, UTC),
                )

    @contextmanager
    def _root(self) -> Generator[int]:
        try:
            # The mount itself is the operator's word, and may be a link.
            root = os.open(self._mount, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise MisconfiguredError(
                "`outputs.mount` is no folder here: mount the engines' file system, or correct it"
            ) from None
        except PermissionError:
            raise MisconfiguredError("`outputs.mount` may not be read by the account we run as") from None
        except OSError as error:
            raise _out_of_reach(error) from None
        try:
            yield root
        finally:
            os.close(root)


class MountedReader:
    """Reads output files, and holds the last few folders open: over a network, opening them costs most."""

    def __init__(self, settings: Outputs, root: Callable[[], AbstractContextManager[int]]) -> None:
        self._settings = settings
        self._root = root
        self._folders: OrderedDict[tuple[str, ...], int] = OrderedDict()

    def output(self, delivery: Delivery, name: str) -> BinaryIO:
        *folder, file = (*delivery.folder, *delivery.tail(name))
        with _told_apart():
            opened = _file(file, self._folder(tuple(folder)))
        if os.fstat(opened.fileno()).st_size > self._settings.largest_file:
            opened.close()
            raise too_large(self._settings)
        return opened

    def close(self) -> None:
        while self._folders:
            os.close(self._folders.popitem()[1])

    def _folder(self, steps: tuple[str, ...]) -> int:
        if steps not in self._folders:
            with self._root() as root, _folder(root, steps) as folder:
                self._folders[steps] = os.dup(folder)
            if len(self._folders) > _FOLDERS_HELD:
                os.close(self._folders.popitem(last=False)[1])
        self._folders.move_to_end(steps)
        return self._folders[steps]


def _file(name: str, folder: int) -> BinaryIO:
    opened = os.open(name, _FILE, dir_fd=folder)
    if not S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OutputMissingError
    return os.fdopen(opened, "rb")


@contextmanager
def _told_apart() -> Generator[None]:
    """Tell what is not there, or not what it should be, from a file system that fails."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise OutputMissingError from None
    except PermissionError:
        raise MisconfiguredError("files below `outputs.mount` may not be read by the account we run as") from None
    except OSError as error:
        if error.errno in _NO_FILES:
            raise OutputMissingError from None
        raise _out_of_reach(error) from None


def _out_of_reach(error: OSError) -> TransientError:
    return TransientError(f"the file system at `outputs.mount` fails (errno {error.errno}): look after its mount")


@contextmanager
def _folder(root: int, steps: Sequence[str]) -> Generator[int]:
    """Open the folder below, one step after the other: none of them may be a link."""
    folder = os.dup(root)
    try:
        for step in steps:
            deeper = os.open(step, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = deeper
        yield folder
    finally:
        os.close(folder)


def _folders(root: int, above: Sequence[str], *, since: float) -> Sequence[str]:
    try:
        with _told_apart(), _folder(root, above) as folder, os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if _is_folder(entry, since))
    except OutputMissingError:
        return []


def _is_folder(entry: os.DirEntry[str], since: float) -> bool:
    return entry.is_dir(follow_symlinks=False) and (not since or entry.stat(follow_symlinks=False).st_mtime >= since)
