"""A folder as the destination of bundles: a mounted share, or a place on this machine."""

import asyncio
import errno
import io
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

from xconnector.connectors.print_house.destination import beside, numbered
from xconnector.connectors.print_house.ticket import file_digest
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

T = TypeVar("T")

_CHUNK = 1 << 20
_PROBE = ".xconnector-check.part"
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})


class FolderOfHouse:
    """A destination on this machine's file systems."""

    def __init__(self, folder: Path, *, may_make: bool) -> None:
        self._folder = folder
        self._may_make = may_make

    async def check(self) -> None:
        await self._run(self._probe)

    async def put(self, source: Path, name: str) -> None:
        with source.open("rb") as content:
            await self._run(lambda: self._put(content, name))

    async def write(self, content: bytes, name: str) -> None:
        await self._run(lambda: self._write(io.BytesIO(content), name))

    async def commit(self, content: bytes, name: str) -> None:
        await self._run(lambda: self._commit(content, name))

    async def size_of(self, name: str) -> int | None:
        return await self._run(lambda: self._size_of(name))

    async def digest_of(self, name: str) -> str:
        return await self._run(lambda: file_digest(self._folder / name))

    async def read(self, name: str, *, at_most: int) -> bytes | None:
        return await self._run(lambda: self._read(name, at_most))

    async def written_at(self, name: str) -> datetime | None:
        return await self._run(lambda: self._written_at(name))

    async def names_in(self, folder: str) -> list[str]:
        return await self._run(lambda: self._names_in(folder))

    async def move(self, name: str, target: str) -> None:
        await self._run(lambda: self._move(name, target))

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

    def _probe(self) -> None:
        probe = self._folder / _PROBE
        probe.write_bytes(b"")
        probe.unlink()

    def _put(self, content: BinaryIO, name: str) -> None:
        written = self._folder / beside(name)
        done = _same_beginning(written, content)
        content.seek(done)
        with written.open("r+b" if done else "wb") as file:
            file.seek(done)
            _pour(content, file)
        written.replace(self._folder / name)
        _sync_folder((self._folder / name).parent)

    def _write(self, content: BinaryIO, name: str) -> None:
        self._write_beside(content, name).replace(self._folder / name)
        _sync_folder((self._folder / name).parent)

    def _commit(self, content: bytes, name: str) -> None:
        if (self._folder / name).exists():
            raise OutcomeUnknownError(f"{name} lies in {self._folder} already; ask for the bundle")
        written = self._write_beside(io.BytesIO(content), name)
        try:
            written.rename(self._folder / name)
            _sync_folder(self._folder)
        except OSError as error:
            # A network file system may lose the answer to a rename that it made.
            raise OutcomeUnknownError(
                f"renaming to {name} in {self._folder} gave {_name(error)}; look there"
            ) from error

    def _write_beside(self, content: BinaryIO, name: str) -> Path:
        written = self._folder / beside(name)
        with written.open("wb") as file:
            _pour(content, file)
        return written

    def _size_of(self, name: str) -> int | None:
        try:
            return (self._folder / name).stat().st_size
        except FileNotFoundError:
            return None

    def _read(self, name: str, at_most: int) -> bytes | None:
        try:
            with (self._folder / name).open("rb") as file:
                content = file.read(at_most + 1)
        except FileNotFoundError:
            return None
        if len(content) > at_most:
            raise PermanentError(f"{name} in {self._folder} is larger than {at_most} bytes; look into it")
        return content

    def _written_at(self, name: str) -> datetime | None:
        try:
            return datetime.fromtimestamp((self._folder / name).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def _names_in(self, folder: str) -> list[str]:
        try:
            return sorted(entry.name for entry in (self._folder / folder).iterdir() if entry.is_file())
        except FileNotFoundError:
            return []

    def _move(self, name: str, target: str) -> None:
        source = self._folder / name
        (self._folder / target).parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while source.exists():
            try:
                (self._folder / numbered(target, number)).hardlink_to(source)
            except FileExistsError:
                number += 1
            except FileNotFoundError:
                return
            else:
                source.unlink(missing_ok=True)
                return


def _same_beginning(written: Path, content: BinaryIO) -> int:
    """Return how many bytes an interrupted upload left, where they are those with which the content begins."""
    done = 0
    with suppress(FileNotFoundError), written.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if content.read(len(chunk)) != chunk:
                return 0
            done += len(chunk)
    return done


def _pour(content: BinaryIO, file: BinaryIO) -> None:
    shutil.copyfileobj(content, file, _CHUNK)
    file.flush()
    _sync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot; what they promise on close has to do.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
            raise


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
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise TransientError(f"{folder} is full; make room") from error
        raise TransientError(f"{folder} gave {_name(error)}; is the share mounted?") from error


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "an error")
