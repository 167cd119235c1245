"""What was written, noted under its dispatch key: whoever empties the folder takes the files away, not the notes."""

import hashlib
import shutil
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from xconnector.contract.state_files import write_durably

KEPT_FOR = timedelta(days=400)


class Notes:
    """One folder for each day, so that forgetting is cheap."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, dispatch_key: str) -> str | None:
        """Return the digest of what was written of a dispatch; None where that was not all of it."""
        for day in self._days():
            with suppress(FileNotFoundError):
                return (day / _name(dispatch_key)).read_text(encoding="ascii")
        return None

    def take(self, dispatch_key: str, digest: str, *, at: datetime) -> None:
        """Note that everything of a dispatch was written, durable when this returns."""
        write_durably(self._folder / at.date().isoformat() / _name(dispatch_key), digest.encode("ascii"))

    def forget(self, now: datetime) -> None:
        """Remove notes that are older than anybody hands over again."""
        oldest = (now - KEPT_FOR).date()
        for day in self._days():
            if day.name < oldest.isoformat() and _is_day(day.name):
                shutil.rmtree(day, ignore_errors=True)

    def _days(self) -> list[Path]:
        return sorted(self._folder.iterdir(), reverse=True) if self._folder.is_dir() else []


def _name(dispatch_key: str) -> str:
    return hashlib.sha256(dispatch_key.encode()).hexdigest()[:40]


def _is_day(name: str) -> bool:
    try:
        date.fromisoformat(name)
    except ValueError:
        return False
    return True
