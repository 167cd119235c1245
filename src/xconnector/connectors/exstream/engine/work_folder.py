"""Where engine runs have their drivers, outputs and records: folders of our user only, kept for a while.

    <submission key>/  driver, driver.marks, run.json, alive (a lock), attempt-1/ …
    awaited-<chance>/  the same for a run that somebody waits for; gone with its end

`run.json` is written by rename once the driver is whole: a submission with one has begun.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from xconnector.connectors.exstream.whole_file import write_whole
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,180}")
_AWAITED = "awaited-"
_ATTEMPT = "attempt-"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ELOOP})
_PRIVATE = 0o700


class BegunRun(msgspec.Struct, frozen=True, kw_only=True):
    """What was begun: kept beside the driver, without customer content."""

    template: str
    orders: int
    run_date: str | None
    """As the engine is told, `mm/dd/yyyy`."""
    layout: str
    """Digest of how the driver is laid out: another layout makes another driver of the same orders."""
    driver_of: str
    """The submission whose driver is used; its own where it has one."""
    host: str
    """Where it was begun."""
    positions: list[int] | None = None
    """Which customers of that driver are composed, in the sequence of the orders; None for all."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine came to its end, as the wrapper wrote it down."""

    return_code: int | None = None
    signal: int | None = None
    out_of_time: bool = False
    not_started: int | None = None
    """The system's error number, where the program could not even be started."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of the engine, and the files it leaves."""

    path: Path

    @property
    def control_file(self) -> Path:
        return self.path / "job.opt"

    @property
    def outputs(self) -> Path:
        return self.path / "output"

    @property
    def delivery_file(self) -> Path:
        return self.path / "delivery.xml"

    @property
    def messages(self) -> Path:
        return self.path / "messages.dat"

    @property
    def report(self) -> Path:
        return self.path / "report.dat"

    @property
    def summary(self) -> Path:
        return self.path / "summary.txt"

    @property
    def said(self) -> Path:
        """What the engine wrote to its standard output and error."""
        return self.path / "said.txt"

    @property
    def engine(self) -> Path:
        """Which engine composed of what: as kept with the approval."""
        return self.path / "engine.txt"

    def ended(self) -> Ended | None:
        """Return how the engine ended, or None where nothing says so."""
        with suppress(FileNotFoundError, msgspec.DecodeError):
            return msgspec.json.decode((self.path / "ended.json").read_bytes(), type=Ended)
        return None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one submission, or of one run that is awaited."""

    path: Path

    @property
    def driver(self) -> Path:
        return self.path / "driver"

    @property
    def marks(self) -> Path:
        """Eight bytes for each customer of the driver, by which it is known again."""
        return self.path / "driver.marks"

    def make(self) -> None:
        """Make the folder, open to our user only."""
        self.path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        self.path.mkdir(mode=_PRIVATE, exist_ok=True)

    def begun(self) -> BegunRun | None:
        """Return what was begun here, or None where nothing was."""
        with suppress(FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
            return msgspec.json.decode((self.path / "run.json").read_bytes(), type=BegunRun)
        return None

    def begin(self, begun: BegunRun) -> None:
        """Write down that the submission has begun; its driver is whole."""
        write_whole(self.path / "run.json", msgspec.json.encode(begun))

    def attempts(self) -> list[Attempt]:
        """Return the starts of the engine, the latest last."""
        numbers = sorted(int(found.name.removeprefix(_ATTEMPT)) for found in self.path.glob(f"{_ATTEMPT}[0-9]*"))
        return [Attempt(self.path / f"{_ATTEMPT}{number}") for number in numbers]

    def next_attempt(self) -> Attempt:
        """Make the folder of another start: no start finds the outputs of one before."""
        earlier = self.attempts()
        number = int(earlier[-1].path.name.removeprefix(_ATTEMPT)) + 1 if earlier else 1
        attempt = Attempt(self.path / f"{_ATTEMPT}{number}")
        attempt.path.mkdir(mode=_PRIVATE)
        attempt.outputs.mkdir(mode=_PRIVATE)
        return attempt

    def lock(self) -> int | None:
        """Return a file descriptor that holds the run, or None where another one does: a live run, or its beginning.

        A wrapper inherits it; the lock is free once all who have it are gone.
        """
        opened = os.open(self.path / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return None
        except OSError:
            os.close(opened)
            raise
        return opened

    def remove(self) -> None:
        """Remove everything; what another one is removing, too, is no matter."""
        shutil.rmtree(self.path, ignore_errors=True)


class WorkFolder:
    """All runs of a connection."""

    def __init__(self, path: Path, *, keep_for: timedelta, is_ours_to_make: bool) -> None:
        """A folder that is not ours to make is a share: where it is missing, it is not mounted."""
        self.path = path
        self._is_ours_to_make = is_ours_to_make
        self._keep_for = keep_for

    def of(self, submission_key: str) -> RunFolder:
        """Return the folder of a submission.

        Raises PermanentError where its key is no file name.
        """
        if not _KEY.fullmatch(submission_key) or submission_key.startswith(_AWAITED):
            raise PermanentError("a submission's key is no safe file name: letters, digits, `.`, `_` and `-` are")
        return RunFolder(self.path / submission_key)

    @contextmanager
    def awaited(self) -> Generator[RunFolder]:
        """Make a folder for a run that somebody waits for, and remove it afterwards."""
        folder = RunFolder(self.path / f"{_AWAITED}{secrets.token_hex(8)}")
        try:
            with self.usable():
                folder.make()
            yield folder
        finally:
            folder.remove()

    @contextmanager
    def usable(self) -> Generator[None]:
        """Say in words what the system says when files cannot be written.

        Raises TransientError where there is no room, or no share; MisconfiguredError where it is not ours to use.
        """
        if not self._is_ours_to_make and not self.path.exists():
            # Made here, it would hide what lies on the share, and take customers' data where nobody looks for it.
            raise TransientError(f"`work_folder`: {self.path} is gone; is the share mounted?")
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise TransientError(f"there is no room left in {self.path}: make some") from None
            if error.errno in _NOT_OURS:
                raise MisconfiguredError(
                    f"{self.path} cannot be written: correct `work_folder`, or its rights"
                ) from None
            raise TransientError(f"{self.path} cannot be used ({errno.errorcode.get(error.errno or 0, '')})") from None

    def sweep(self, now: datetime) -> None:
        """Remove the folders whose time has passed, except those of live runs. It blocks.

        Raises TransientError or MisconfiguredError where the work folder cannot be listed.
        """
        if not self.path.is_dir():
            return
        with self.usable():
            passed = self._older_than(now - self._keep_for)
        for folder in passed:
            # What another worker removes at the same time is no matter.
            with suppress(OSError):
                _remove_unless_alive(folder)

    def _older_than(self, oldest: datetime) -> list[RunFolder]:
        found: list[RunFolder] = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                # One that is going just now, or cannot be looked at, is left to the next sweep.
                with suppress(OSError):
                    is_ours = _KEY.fullmatch(entry.name) is not None and entry.is_dir(follow_symlinks=False)
                    if is_ours and entry.stat(follow_symlinks=False).st_mtime < oldest.timestamp():
                        found.append(RunFolder(Path(entry.path)))
        return found


def _remove_unless_alive(folder: RunFolder) -> None:
    held = folder.lock()
    if held is not None:
        folder.remove()
        os.close(held)
