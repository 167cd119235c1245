"""What is remembered of a submission until its answer is here: enough to find its job should the answer be lost."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError

_MOST_KEYS = 50
_KEPT_FOR = timedelta(days=30)
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A submission of which no answer came."""

    began_at: datetime
    whole: bool
    """Whether all of its driver was sent, or at least its last piece begun."""
    keys: frozenset[str]
    """Of its first customers, as digests."""

    def has(self, key: str) -> bool:
        return digest_of(key) in self.keys


class _Kept(msgspec.Struct):
    began_at: datetime
    whole: bool
    keys: list[str]


class HandOvers:
    """The submissions that a worker is handing over, or has and knows nothing more of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def begun(self, submission_key: str, now: datetime) -> Generator["HandOver"]:
        """Remember that a submission is handed over.

        It is forgotten when the block ends with an answer, or with an error that says that nothing happened.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._forget_old(now)
            opened = os.open(self._path(submission_key), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            raise _unwritable() from None
        with os.fdopen(opened, "r+b", buffering=0) as file:
            # Held as long as this process lives and sends: who looks for the submission sees that it is under way.
            if not _locked(file.fileno()):
                raise _under_way()
            hand_over = HandOver(file.fileno(), now)
            hand_over.keep(whole=False)
            try:
                yield hand_over
            except (TransientError, PermanentError, MisconfiguredError):
                self._path(submission_key).unlink(missing_ok=True)
                raise
            self._path(submission_key).unlink(missing_ok=True)

    def of(self, submission_key: str) -> HandedOver | None:
        """Return what is remembered of a submission here, or None.

        Raises OutcomeUnknownError while it is still being handed over.
        """
        try:
            with self._path(submission_key).open("rb") as file:
                if not _locked(file.fileno(), shared=True):
                    raise _under_way()
                kept = msgspec.json.decode(file.read(), type=_Kept)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        except OSError:
            raise _unwritable() from None
        return HandedOver(began_at=kept.began_at, whole=kept.whole, keys=frozenset(kept.keys))

    def _path(self, submission_key: str) -> Path:
        return self._folder / f"{submission_key}{_SUFFIX}"

    def _forget_old(self, now: datetime) -> None:
        for path in self._folder.glob(f"*{_SUFFIX}"):
            with suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < now - _KEPT_FOR:
                    path.unlink()


class HandOver:
    """A submission while it is handed over."""

    def __init__(self, file: int, began_at: datetime) -> None:
        self._file = file
        self._began_at = began_at
        self._keys: list[str] = []

    def add(self, key: str) -> None:
        """Take in a customer of the driver; the first few are enough to know it again."""
        if len(self._keys) < _MOST_KEYS:
            self._keys.append(digest_of(key))

    def keep(self, *, whole: bool) -> None:
        """Write down how far it is, so that it outlives this process. Raises MisconfiguredError."""
        content = msgspec.json.encode(_Kept(began_at=self._began_at, whole=whole, keys=self._keys))
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, content, 0)
            os.fsync(self._file)
        except OSError:
            raise _unwritable() from None


def digest_of(key: str) -> str:
    """Return a key as it is kept on disk: a design's key may be a customer's number."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _locked(file: int, *, shared: bool = False) -> bool:
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unwritable() -> MisconfiguredError:
    return MisconfiguredError("the folder for working files cannot be used: make room there, or allow us to write")


def _under_way() -> OutcomeUnknownError:
    return OutcomeUnknownError("the submission is still being handed over: look again when that has ended")
