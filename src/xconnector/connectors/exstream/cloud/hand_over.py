"""What is remembered of the submissions of a connection: which job each began, or what finds it should that be lost."""

import errno
import fcntl
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import FileIO
from pathlib import Path

import msgspec

from xconnector.connectors.exstream.whole_file import write_whole
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.submission import SubmissionReceipt

_MOST_KEYS = 50
_KEPT_FOR = timedelta(days=30)
_SUFFIX = ".json"


class HandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that was handed over, or begun to be."""

    began_at: datetime
    channel: str
    """To which it went; empty where nothing is known of it here."""
    sent_at: datetime | None = None
    """When the last piece of its driver was begun; None as long as it was not, and so can have begun nothing."""
    keys: frozenset[str] = frozenset()
    """Of its first customers, as digests."""
    receipt: SubmissionReceipt | None = None
    """What came of it; None where no answer came."""

    def has(self, key: str) -> bool:
        return digest_of(key) in self.keys

    def is_like(self, other: "HandedOver") -> bool:
        """Say whether they share channel and customers, so that a job could be the one's or the other's."""
        return self.channel == other.channel and not self.keys.isdisjoint(other.keys)


class HandOvers:
    """The submissions of a connection, each in a file of its own, for some weeks.

    They are kept beyond their end: their jobs must not be taken for those of others whose answers were lost. A file
    holds a line for each step, and its last whole line counts: a crash while it is written loses no earlier one.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now

    @contextmanager
    def begun(self, submission_key: str, channel: str) -> Generator["HandOver"]:
        """Remember that a submission is handed over.

        It counts as not sent when the block ends with an error that says that nothing happened: whoever handed it over
        may die before he has kept that.
        """
        try:
            self._make_room()
            opened = os.open(self._path(submission_key), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError:
            raise _unwritable() from None
        with FileIO(opened, "r+") as file:
            # Held as long as this process lives and sends: who looks for the submission sees that it is under way.
            if not _locked(file.fileno()):
                raise _under_way()
            hand_over = HandOver(file, channel, self._now)
            try:
                yield hand_over
            except (TransientError, PermanentError, MisconfiguredError):
                hand_over.is_refused()
                raise

    def of(self, submission_key: str) -> HandedOver:
        """Return what is remembered of a submission here.

        Where that is nothing, it is remembered from now on that it was looked for, and counts as sent at that time:
        another machine may have done it. Raises OutcomeUnknownError while it is still being handed over, and
        MisconfiguredError.
        """
        try:
            with self._path(submission_key).open("rb") as file:
                if not _locked(file.fileno(), shared=True):
                    raise _under_way()
                # One without a whole line is that of a worker that died before it sent anything.
                return _last(file.read()) or HandedOver(began_at=self._now(), channel="")
        except FileNotFoundError:
            return self._looked_for(submission_key)
        except OSError:
            raise _unwritable() from None

    def others(self, submission_key: str) -> Iterator[HandedOver]:
        """Yield what is remembered of all other submissions that were sent."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            if path == self._path(submission_key):
                continue
            other: HandedOver | None = None
            with _usable(), suppress(FileNotFoundError):
                other = _last(path.read_bytes())
            if other is not None and other.sent_at is not None:
                yield other

    def found(self, submission_key: str, receipt: SubmissionReceipt) -> None:
        """Remember the receipt of a submission whose answer was lost."""
        known = self.of(submission_key)
        with _usable(), FileIO(self._path(submission_key), "a") as file:
            _append(file, msgspec.structs.replace(known, receipt=receipt))

    def _looked_for(self, submission_key: str) -> HandedOver:
        now = self._now()
        looked_for = HandedOver(began_at=now, channel="", sent_at=now)
        with _usable():
            self._make_room()
            # At once: an empty file would say that nothing was sent.
            write_whole(self._path(submission_key), _line(looked_for))
        return looked_for

    def _path(self, submission_key: str) -> Path:
        return self._folder / f"{submission_key}{_SUFFIX}"

    def _make_room(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Also what a full disk let nobody finish.
        for path in self._folder.glob(f"*{_SUFFIX}*"):
            with suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < self._now() - _KEPT_FOR:
                    path.unlink()


class HandOver:
    """A submission while it is handed over."""

    def __init__(self, file: FileIO, channel: str, now: Callable[[], datetime]) -> None:
        """Write down that it begins. Raises MisconfiguredError."""
        self._file = file
        self._now = now
        self._keys: set[str] = set()
        self._known = HandedOver(began_at=now(), channel=channel)
        self._keep(self._known)

    def add(self, key: str) -> None:
        """Take in a customer of the driver; the first few are enough to know it again."""
        if len(self._keys) < _MOST_KEYS:
            self._keys.add(digest_of(key))

    def is_sent(self) -> None:
        """Write down that the driver is about to be whole, so that it outlives this process.

        Raises MisconfiguredError.
        """
        self._known = msgspec.structs.replace(self._known, sent_at=self._now(), keys=frozenset(self._keys))
        self._keep(self._known)

    def is_answered(self, receipt: SubmissionReceipt) -> None:
        """Write down what came of it: whoever asked may die before he has kept it."""
        # He has it all the same: a disk that is full by now must not make it look as if nothing had begun.
        with suppress(OSError):
            _append(self._file, msgspec.structs.replace(self._known, receipt=receipt))

    def is_refused(self) -> None:
        """Write down that it surely began nothing."""
        # On a disk that is full by now it stays one that may have been sent, and is looked for.
        with suppress(OSError):
            _append(self._file, msgspec.structs.replace(self._known, sent_at=None, keys=frozenset()))

    def _keep(self, known: HandedOver) -> None:
        with _usable():
            _append(self._file, known)


def digest_of(key: str) -> str:
    """Return a key as it is kept on disk: a design's key may be a customer's number."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _usable() -> Generator[None]:
    try:
        yield
    except OSError:
        raise _unwritable() from None


def _append(file: FileIO, known: HandedOver) -> None:
    line = _line(known)
    if file.write(line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file.fileno())


def _line(known: HandedOver) -> bytes:
    # Whatever was left of an earlier line does not spoil this one.
    return b"\n" + msgspec.json.encode(known) + b"\n"


def _last(content: bytes) -> HandedOver | None:
    for line in reversed(content.split(b"\n")):
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(line, type=HandedOver)
    return None


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
