"""Sealing: files are encrypted and signed before they leave, and what comes back is proven."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from xconnector.connectors.print_house.ticket import PrintedFile

SUFFIX = ".pgp"
"""Behind the name of a file that is sealed."""
_PRIVATE = 0o700


class BrokenSealError(ValueError):
    """A file that came back is not for us, not of the house, or damaged; the message tells nothing of its content."""


class Seal(Protocol):
    """Encrypts for the house and signs as us; decrypts for us and proves that the house signed."""

    def prove(self) -> None:
        """Raise MisconfiguredError when the keys do not do what is asked of them."""
        ...

    def close(self, source: Path, target: Path) -> None:
        """Write the source, encrypted and signed, to the target."""
        ...

    def opened(self, content: bytes) -> bytes:
        """Return what the house wrote. Raises BrokenSealError."""
        ...

    def own(self, content: bytes) -> bytes:
        """Return what we wrote ourselves, of a file that lies at the house. Raises BrokenSealError."""
        ...


class SealedFiles:
    """Sealed files that wait here until their bundle is handed over.

    Sealing the same file twice gives other bytes. What was sealed once is therefore kept, so that an upload that was
    interrupted goes on with the same bytes.
    """

    def __init__(self, folder: Path, seal: Seal) -> None:
        self._folder = folder
        self.seal = seal

    def sealed(self, bundle_key: str, file: PrintedFile, folder: Path) -> tuple[PrintedFile, Path]:
        """Return the sealed copy of a file of the press's folder, and where it lies."""
        kept = self._folder / bundle_key
        kept.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        path = kept / f"{file.sha256}{SUFFIX}"
        if not path.exists():
            written = path.with_suffix(".part")
            self.seal.close(folder / file.name, written)
            written.replace(path)
        return replace(PrintedFile.of(path), name=f"{file.name}{SUFFIX}"), path

    def forget(self, bundle_key: str) -> None:
        """Remove what was sealed of a bundle that was handed over."""
        shutil.rmtree(self._folder / bundle_key, ignore_errors=True)

    def forget_before(self, moment: datetime) -> None:
        """Remove what was sealed before this time: of bundles that were given up."""
        for folder in list(self._folder.glob("*/")):
            if folder.stat().st_mtime <= moment.timestamp():
                shutil.rmtree(folder, ignore_errors=True)
