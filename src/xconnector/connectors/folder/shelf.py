"""The folder itself: files appear whole or not at all, and none is ever changed."""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError

_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_AMISS = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG})
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


class Shelf:
    """A folder on this machine's file systems. No link below it is followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self) -> None:
        """Prove that the folder takes files. Raises TransientError or MisconfiguredError."""
        with self._told(), self._below(PurePosixPath("x")) as folder:
            name = ".xconnector-check"
            os.close(os.open(name, _NEW, 0o640, dir_fd=folder))
            os.unlink(name, dir_fd=folder)

    def put(self, path: PurePosixPath, content: bytes) -> None:
        """Lay a file down; one that is there with the same bytes is left as it is.

        Raises PermanentError where other bytes lie under its name, else TransientError or MisconfiguredError.
        """
        with self._told(), self._below(path) as folder:
            if not _is_there(folder, path.name, content):
                _write(folder, path.name, content)

    @contextmanager
    def _below(self, path: PurePosixPath) -> Generator[int]:
        """Give the folder in which a file belongs, made where it is not there yet."""
        opened = [os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
        try:
            for part in path.parts[:-1]:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o750, dir_fd=opened[-1])
                    os.fsync(opened[-1])
                opened.append(os.open(part, _FOLDER, dir_fd=opened[-1]))
            yield opened[-1]
        finally:
            for one in opened:
                os.close(one)

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except FileNotFoundError:
            raise TransientError(f"{self._folder} is gone; is the share mounted?") from None
        except OSError as wrong:
            if wrong.errno in _REFUSED:
                raise MisconfiguredError(
                    f"{self._folder} cannot be written to ({wrong.strerror}); mend its permissions"
                ) from None
            if wrong.errno in _AMISS:
                raise MisconfiguredError(
                    f"a name below {self._folder} is taken by something else ({wrong.strerror}); take it away"
                ) from None
            raise TransientError(f"{self._folder} takes nothing at the moment: {wrong.strerror}") from None


def _is_there(folder: int, name: str, content: bytes) -> bool:
    """Say whether the file lies there already. Raises PermanentError where another does."""
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return False
    with os.fdopen(opened, "rb") as file:
        place = 0
        while chunk := file.read(_CHUNK):
            if chunk != content[place : place + len(chunk)]:
                raise _taken()
            place += len(chunk)
    if place != len(content):
        raise _taken()
    return True


def _taken() -> PermanentError:
    return PermanentError("another file lies in the folder under its name, and stays; look what wrote it")


def _write(folder: int, name: str, content: bytes) -> None:
    # Written beside and renamed: whoever empties the folder never sees half a file.
    part = f".{name}.part"
    with os.fdopen(os.open(part, _NEW, 0o640, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
