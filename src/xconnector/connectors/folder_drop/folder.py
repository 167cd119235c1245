"""The file system's side of a folder in which files arrive."""

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from xconnector.contract.drop_folder import Entry, Kind, Moved
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

T = TypeVar("T")

_CHUNK = 1 << 20
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class FolderHere:
    """A folder on this machine's file systems. Links are never followed below it."""

    def __init__(self, folder: Path, *, may_make: bool) -> None:
        self._folder = folder
        self._may_make = may_make

    async def entries(self, folder: str = "") -> Sequence[Entry]:
        return await self._run(lambda: self._entries(folder))

    async def move(self, name: str, target: str) -> Moved:
        return await self._run(lambda: self._move(name, target))

    async def fetch(self, name: str, into: Path, *, at_most: int) -> None:
        await self._run(lambda: self._fetch(name, into, at_most))

    async def write(self, name: str, content: bytes) -> None:
        await self._run(lambda: self._write(name, content))

    async def remove(self, name: str) -> None:
        await self._run(lambda: self._remove(name))

    async def close(self) -> None:
        """Nothing is held open."""

    async def _run(self, step: Callable[[], T]) -> T:
        def told() -> T:
            with _told(self._folder):
                self._prove_folder()
                return step()

        return await asyncio.to_thread(told)

    def _prove_folder(self) -> None:
        if self._may_make:
            self._folder.mkdir(parents=True, exist_ok=True)
        elif not self._folder.is_dir():
            raise TransientError(f"{self._folder} is gone; is the share mounted?")

    def _entries(self, folder: str) -> list[Entry]:
        path = self._below(folder)
        if folder and path.is_symlink():
            raise _link(path)
        try:
            with os.scandir(path) as found:
                return [*_seen(found)]
        except FileNotFoundError:
            return []

    def _move(self, name: str, target: str) -> Moved:
        source, goal = self._below(name), self._below(target)
        # Asked first: nothing is made for what is gone.
        if not os.path.lexists(source):
            return Moved.GONE
        goal.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
        if os.path.lexists(goal):
            return Moved.TAKEN
        try:
            source.rename(goal)
        except FileNotFoundError:
            return Moved.GONE
        _sync_folder(goal.parent)
        _sync_folder(source.parent)
        return Moved.MOVED

    def _fetch(self, name: str, into: Path, at_most: int) -> None:
        with _opened(self._below(name)) as file, into.open("xb") as copy:
            left = at_most
            while chunk := file.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise PermanentError(f"it has more than {at_most} bytes, which is `largest` of the drop")
                copy.write(chunk)

    def _write(self, name: str, content: bytes) -> None:
        goal = self._below(name)
        goal.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
        written = goal.with_name(f".{goal.name}.part")
        with suppress(FileNotFoundError):
            written.unlink()
        # Exclusively: what others laid there, be it a link, is not written through.
        with written.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        written.replace(goal)

    def _remove(self, name: str) -> None:
        path = self._below(name)
        try:
            if stat.S_ISDIR(path.lstat().st_mode):
                path.rmdir()
            else:
                path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise

    def _below(self, name: str) -> Path:
        """Return the path of a name, whose folders below ours are no links that lead elsewhere."""
        path = self._folder / name
        for folder in path.relative_to(self._folder).parents:
            if (self._folder / folder).is_symlink() and folder.parts:
                raise _link(self._folder / folder)
        return path


def _link(path: Path) -> MisconfiguredError:
    return MisconfiguredError(f"{path} is a link; put a folder in its place")


def _seen(found: Iterator["os.DirEntry[str]"]) -> Iterator[Entry]:
    for entry in found:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        mode = status.st_mode
        kind = Kind.FILE if stat.S_ISREG(mode) else Kind.FOLDER if stat.S_ISDIR(mode) else Kind.OTHER
        yield Entry(name=entry.name, kind=kind, size=status.st_size, written_at=status.st_mtime)


@contextmanager
def _opened(path: Path) -> Generator[BinaryIO]:
    """Open an ordinary file, never along a link, and never waiting for the other end of a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO}:
            raise PermanentError(f"it cannot be read ({_name(error)}); may this user read it?") from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PermanentError("it is no ordinary file but a link, a pipe or a device")
        yield file


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot; what they promise on close has to do.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _told(folder: Path) -> Generator[None]:
    """Say what an error of the file system means."""
    try:
        yield
    except ConnectorError:
        raise
    except OSError as error:
        if error.errno in _REFUSED:
            raise MisconfiguredError(f"{folder} gave {_name(error)}; may this user write there?") from error
        if error.errno in _FULL:
            raise TransientError(f"{folder}, or the disk of this machine, is full; make room") from error
        raise TransientError(f"{folder} gave {_name(error)}; is the share mounted?") from error


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "an error")
