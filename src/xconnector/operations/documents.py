"""Documents: getting the bytes of a communication back, from the content store or the archive."""

import asyncio
import os
from pathlib import Path

from xconnector.domain.document import RenditionKind
from xconnector.operations.explaining import Explanation, explain
from xconnector.postgres.connect import Pool
from xconnector.project.open_connections import Connections
from xconnector.store.content import ContentStore


async def write_documents(pool: Pool, content: ContentStore, words: str, folder: Path) -> list[Path]:
    """Write the composed documents of a communication into a folder; returns the files, which only we may read.

    Raises UnknownCommunicationError or DamagedContentError.
    """
    found = await explain(pool, words)
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    for rendition in found.renditions:
        path = _path(folder, found, rendition.kind)
        await asyncio.to_thread(_write, path, await asyncio.to_thread(content.read, rendition.place, rendition.sha256))
        written.append(path)
    return written


async def fetch_archived(pool: Pool, connections: Connections, words: str, folder: Path) -> list[Path]:
    """Fetch the archived documents of a communication into a folder; returns the files, which only we may read.

    Raises UnknownCommunicationError, or one of the contract errors when the archive cannot give them.
    """
    found = await explain(pool, words)
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    for kept in found.archived:
        archive = await connections.archive(kept.connection)
        path = _path(folder, found, RenditionKind(kept.kind))
        await asyncio.to_thread(_write, path, await archive.fetch(kept.address))
        written.append(path)
    return written


def _path(folder: Path, found: Explanation, kind: RenditionKind) -> Path:
    return folder / f"{found.found.name}-{found.found.communication_id}{kind.file_suffix}"


def _write(path: Path, content: bytes) -> None:
    """Write a file that only we may read, whatever was there under its name before."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
