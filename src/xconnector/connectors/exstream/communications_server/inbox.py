"""The folder that the server scans: files come into it whole, and it is always known which of them came.

A file is written in the workplace, then a mark is laid down beside it, then the file is renamed into the scanned
folder. So a submission has begun exactly when its mark is there and the file has left the workplace, whatever died
in between, and whatever the server did with the file since.
"""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})
_LONGEST_MARK = 100
_PROBE = "check"
_MARK = ".handed-over"
_PART = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedFile:
    """A file that was renamed into the scanned folder."""

    at: datetime
    is_waiting: bool
    """Whether it still lies there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A scanned folder with its workplace. Every method does I/O and blocks."""

    folder: Path
    workplace: Path
    """Inside the folder: a rename does not cross file systems."""
    permissions: int
    """Of files that are handed over: the server reads and moves them, perhaps as another user."""
    may_make: bool
    """Whether the folder is made when missing: below an unmounted share nothing may be written."""

    def check(self) -> None:
        """Prove that files can be written and renamed, without leaving one for the server.

        Raises TransientError or MisconfiguredError.
        """
        with told(self.folder):
            self._prove()
            # Others may look at the same moment.
            name = f"{_PROBE}-{uuid4().hex}"
            probe, renamed = self.workplace / name, self.workplace / f"{name}-renamed"
            probe.write_bytes(b"")
            probe.rename(renamed)
            renamed.unlink()

    def begin(self, submission_key: str) -> BinaryIO:
        """Open the file to write, in the workplace. Raises one of the four errors; nothing was handed over then."""
        with told(self.folder):
            self._prove()
            # A mark of an attempt that died must not vouch for this one.
            self._mark(submission_key).unlink(missing_ok=True)
            return _private(self._part(submission_key))

    def complete(self, file: BinaryIO) -> None:
        """Make what was written durable, and readable for the server. Raises as `begin`."""
        with told(self.folder):
            file.flush()
            with suppress(PermissionError):
                # Some network file systems have permissions of their own.
                os.fchmod(file.fileno(), self.permissions)
            _sync(file.fileno())

    def discard(self, submission_key: str) -> None:
        """Remove what was written and will not be handed over, as far as that can be done."""
        with suppress(OSError):
            self._part(submission_key).unlink()

    def hand_over(self, submission_key: str, name: str, now: datetime) -> None:
        """Rename what was written into the scanned folder.

        Raises OutcomeUnknownError when the answer to the rename was lost, else as `begin`.
        """
        with told(self.folder):
            with _private(self._mark(submission_key)) as mark:
                mark.write(now.isoformat().encode())
                mark.flush()
                _sync(mark.fileno())
            _sync_folder(self.workplace)
        try:
            self._part(submission_key).rename(self.folder / name)
            _sync_folder(self.folder)
        except OSError as error:
            # A network file system may lose the answer to a rename that it made.
            raise OutcomeUnknownError(
                f"renaming a file into {self.folder} gave {_name(error)}; whether it came is looked up there"
            ) from None

    def handed_over(self, submission_key: str, name: str) -> DroppedFile | None:
        """Return what is known of a submission, or None where its file surely never came.

        Raises TransientError or MisconfiguredError.
        """
        with told(self.folder):
            self._prove()
            if self._part(submission_key).exists():
                return None
            try:
                with self._mark(submission_key).open("rb") as mark:
                    said = mark.read(_LONGEST_MARK).decode("ascii", "replace")
                    written_at = datetime.fromtimestamp(os.fstat(mark.fileno()).st_mtime, UTC)
            except FileNotFoundError:
                return None
            return DroppedFile(at=as_moment(said) or written_at, is_waiting=(self.folder / name).exists())

    def forget(self, older_than: datetime) -> None:
        """Remove marks and unfinished files from before a moment. Raises TransientError or MisconfiguredError."""
        with told(self.folder), os.scandir(self.workplace) as entries:
            old = [entry.path for entry in entries if _is_older(entry, older_than)]
        for path in old:
            with suppress(OSError):
                Path(path).unlink()

    def _prove(self) -> None:
        if self.may_make:
            self.folder.mkdir(parents=True, exist_ok=True)
        elif not self.folder.is_dir():
            raise TransientError(f"{self.folder} is gone; is the share mounted?")
        self.workplace.mkdir(mode=0o700, exist_ok=True)

    def _part(self, submission_key: str) -> Path:
        return self.workplace / (_plain(submission_key) + _PART)

    def _mark(self, submission_key: str) -> Path:
        return self.workplace / (_plain(submission_key) + _MARK)


@contextmanager
def told(folder: Path) -> Generator[None]:
    """Say what an error of the file system means."""
    try:
        yield
    except ConnectorError:
        raise
    except OSError as error:
        if error.errno in _REFUSED:
            raise MisconfiguredError(f"{folder} gave {_name(error)}; may this user read and write there?") from None
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise TransientError(f"{folder} is full; make room") from None
        raise TransientError(f"{folder} gave {_name(error)}; is the share mounted?") from None


def _is_older(entry: os.DirEntry[str], moment: datetime) -> bool:
    # Another submission may finish its file while we look.
    with suppress(FileNotFoundError):
        return entry.name.endswith((_MARK, _PART)) and entry.stat().st_mtime < moment.timestamp()
    return False


def as_moment(text: str) -> datetime | None:
    """Return the moment that a text names, with its time zone; None for anything else."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else None
    return None


def _plain(submission_key: str) -> str:
    if not submission_key or submission_key.startswith(".") or set(submission_key) & set("/\\\0"):
        raise PermanentError("the submission's key cannot stand in the name of a file")
    return submission_key


def _private(path: Path) -> BinaryIO:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    return os.fdopen(opened, "wb")


def _sync_folder(folder: Path) -> None:
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


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "an error")
