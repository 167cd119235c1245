"""The file of a run while it is taken in: proof that what is read is what was counted."""

import hashlib
from pathlib import Path

from xconnector.contract.errors import PermanentError

_Stamp = tuple[int, int, int, int, int]


class RunFile:
    """A file with its digest at the start; whoever changes it in between is noticed."""

    def __init__(self, path: Path) -> None:
        """Read the whole file for its digest. Raises PermanentError when it cannot be read."""
        self.path = path
        try:
            self._stamp = _stamp(path)
            self.sha256 = _digest(path)
        except OSError as error:
            raise PermanentError(f"{path.name} cannot be read: {error.strerror}") from None

    def prove_unchanged(self, *, by_digest: bool = False) -> None:
        """Return when it still holds the bytes it held at the start.

        It is read again only when it was touched, unless `by_digest` asks for it.

        Raises PermanentError that says what to do.
        """
        try:
            stamp = _stamp(self.path)
            if stamp == self._stamp and not by_digest:
                return
            digest = _digest(self.path)
        except OSError:
            raise self._changed() from None
        if digest != self.sha256:
            raise self._changed()
        self._stamp = stamp

    def _changed(self) -> PermanentError:
        return PermanentError(
            f"{self.path.name} was changed while it was taken in; nothing was taken of what it holds now. "
            f"Put the file with SHA-256 {self.sha256} back and run the same command again: a run that has begun "
            "goes on where it stopped"
        )


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
