"""The Maildir in which bounces wait: each mail a file, delivered by renaming, so that none is ever half there."""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xconnector.contract.errors import MisconfiguredError, TransientError

_MOST_READ = 1024 * 1024
"""Bytes of a mail that are read: a report stands before the mail that it returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMail:
    """One mail, as much of it as is ever read."""

    name: str
    content: bytes
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Maildir:
    """A Maildir that a mail server fills and we empty: to `cur`, or to `set-aside` with the reason beside."""

    folder: Path

    def check(self) -> None:
        """Prove that mails can be read and moved; a Maildir that waits for its first mail is as good.

        Raises MisconfiguredError.
        """
        new = self.folder / "new"
        nearest = new if self.folder.exists() else self.folder.parent
        if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
            raise MisconfiguredError(
                f"{nearest} is missing or may not be read and written: "
                "let `bounces.maildir` name the Maildir of the bounce domain and allow this user into it"
            )

    def names(self) -> list[str]:
        """Return the names of the mails that wait, oldest first as far as their names tell.

        Raises TransientError when the folder cannot be read.
        """
        try:
            return sorted(
                entry.name for entry in os.scandir(self.folder / "new") if entry.is_file(follow_symlinks=False)
            )
        except FileNotFoundError:
            # The mail server makes the Maildir when the first mail comes.
            return []
        except OSError as refusal:
            raise TransientError(f"{self.folder} cannot be read: {refusal.strerror}; is the share mounted?") from None

    def read(self, name: str) -> WaitingMail | None:
        """Return a mail that waits, or None when another worker has taken it meanwhile."""
        try:
            descriptor = os.open(self.folder / "new" / name, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            arrived_at = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, UTC)
            return WaitingMail(name=name, content=file.read(_MOST_READ), arrived_at=arrived_at)

    def keep(self, name: str) -> None:
        """Move a mail that was understood to `cur`, marked as seen."""
        self._move(name, self.folder / "cur" / f"{name.partition(':')[0]}:2,S")

    def set_aside(self, name: str, reason: str) -> None:
        """Move a mail to `set-aside`, with the reason in a file beside it."""
        aside = self.folder / "set-aside"
        self._move(name, aside / name)
        (aside / f"{name}.reason").write_text(f"{reason}\n", encoding="utf-8")

    def _move(self, name: str, target: Path) -> None:
        target.parent.mkdir(exist_ok=True)
        # Gone means that another worker moved it: both read the same mail, and its events are equal.
        with suppress(FileNotFoundError):
            (self.folder / "new" / name).rename(target)
