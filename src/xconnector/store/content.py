"""The content store: composed documents on disk under their SHA-256, one pack a batch.

A pack is written beside, synced and renamed, so that it exists whole or not at all; its files are
read-only. Where a document lies in which pack is remembered in `store/documents.py`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xconnector.domain.document import content_digest


class DamagedContentError(Exception):
    """The bytes on disk are missing or no longer match their digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a document's bytes lie. `offset` and `length` are in bytes."""

    pack: str
    offset: int
    length: int


class ContentStore:
    """Packs in a folder, named after the digest of what they hold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, contents: Sequence[bytes]) -> list[Place]:
        """Write documents as one pack, durable when this returns, and return their places in order.

        The same documents in the same order are kept once.
        """
        if not contents:
            return []
        pack = content_digest("".join(map(content_digest, contents)).encode())
        self._write(pack, contents)
        places: list[Place] = []
        offset = 0
        for content in contents:
            places.append(Place(pack=pack, offset=offset, length=len(content)))
            offset += len(content)
        return places

    def read(self, place: Place, sha256: str) -> bytes:
        """Return a document's bytes.

        Raises DamagedContentError when they are gone or differ from their digest.
        """
        try:
            with self._path(place.pack).open("rb") as pack:
                content = os.pread(pack.fileno(), place.length, place.offset)
        except FileNotFoundError as error:
            raise DamagedContentError(
                f"pack {place.pack} is gone; restore the content store from its backup"
            ) from error
        if content_digest(content) != sha256:
            raise DamagedContentError(
                f"the bytes at {place.offset} in pack {place.pack} no longer match SHA-256 {sha256}; "
                "restore the content store from its backup"
            )
        return content

    def _path(self, pack: str) -> Path:
        return self._folder / pack[:2] / f"{pack}.pack"

    def _write(self, pack: str, contents: Sequence[bytes]) -> None:
        path = self._path(pack)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{pack}.{os.getpid()}.{os.urandom(4).hex()}.part")
        with beside.open("xb") as file:
            file.writelines(contents)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o400)
        beside.rename(path)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
