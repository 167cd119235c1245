"""Files that are written once: whole and durable under their name, or not there; read-only ever after."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

_READ_ONLY = 0o400
_ABANDONED_AFTER = timedelta(hours=1)
"""Nobody takes this long to write one file."""


class TakenNameError(Exception):
    """Another file has this name, and its size shows that it is not the same."""


def write_once(path: Path, contents: Sequence[bytes], *, incoming: Path) -> None:
    """Write a file of these bytes; one that is there already is left as it is.

    It is written in `incoming`, on the same file system, and linked into place: a crash between any two
    steps leaves the name free or the file whole. Raises TakenNameError when the name stands for another
    size, OSError when the file system refuses.
    """
    make_folder(path.parent)
    size = sum(map(len, contents))
    if not path.exists():
        make_folder(incoming)
        written = incoming / os.urandom(16).hex()
        try:
            _write(written, contents)
            # A link never replaces: of two who write the same, one wins and both find the file.
            with suppress(FileExistsError):
                path.hardlink_to(written)
        finally:
            written.unlink(missing_ok=True)
    if path.stat().st_size != size:
        raise TakenNameError(path.name)
    # Also for a file that we found: whoever linked it may have died before this.
    _sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, durable when this returns."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def sweep(incoming: Path) -> None:
    """Remove what was left half written by processes that died."""
    abandoned_at = time.time() - _ABANDONED_AFTER.total_seconds()
    for path in incoming.glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < abandoned_at:
                path.unlink()


def _write(path: Path, contents: Sequence[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        for content in contents:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
        os.fchmod(file.fileno(), _READ_ONLY)
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
