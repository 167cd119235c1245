"""The content store: composed documents on disk under their SHA-256, one pack a batch.

A pack is written beside, synced and renamed, so that it exists whole or not at all; its files are
read-only, and only the user who runs xConnector may open them. Where a document lies in which pack is
remembered in `store/documents.py`.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
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
        [content] = self.read_many([(place, sha256)])
        if isinstance(content, DamagedContentError):
            raise content
        return content

    def read_many(self, wanted: Sequence[tuple[Place, str]]) -> list[bytes | DamagedContentError]:
        """Return the bytes of documents, each by its place and digest, in order; an error in place of a damaged one.

        Every pack is opened once.
        """
        with ExitStack() as stack:
            packs = {name: self._open(name, stack) for name in {place.pack for place, _ in wanted}}
            return [_read(packs[place.pack], place, sha256) for place, sha256 in wanted]

    def _open(self, pack: str, stack: ExitStack) -> int | None:
        """Return the descriptor of a pack, open as long as the stack; None when it is gone."""
        try:
            return stack.enter_context(self._path(pack).open("rb")).fileno()
        except FileNotFoundError:
            return None

    def _path(self, pack: str) -> Path:
        return self._folder / pack[:2] / f"{pack}.pack"

    def _write(self, pack: str, contents: Sequence[bytes]) -> None:
        path = self._path(pack)
        if path.exists() and _holds(path, contents):
            return
        for folder in (self._folder, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".{pack}.{os.getpid()}.{os.urandom(4).hex()}.part")
        # From its first byte on nobody else may read it.
        with open(beside, "xb", opener=_for_us_only) as file:
            file.writelines(contents)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o400)
        beside.rename(path)
        _sync_folder(path.parent)


def _for_us_only(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _holds(path: Path, contents: Sequence[bytes]) -> bool:
    """Say whether a pack is undamaged: what is kept again mends it."""
    return path.stat().st_size == sum(map(len, contents)) and path.read_bytes() == b"".join(contents)


def _read(descriptor: int | None, place: Place, sha256: str) -> bytes | DamagedContentError:
    if descriptor is None:
        return DamagedContentError(f"pack {place.pack} is gone; restore the content store from its backup")
    content = os.pread(descriptor, place.length, place.offset)
    if content_digest(content) == sha256:
        return content
    return DamagedContentError(
        f"the bytes at {place.offset} in pack {place.pack} no longer match SHA-256 {sha256}; "
        "restore the content store from its backup"
    )


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
