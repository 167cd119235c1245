"""An SFTP server as the destination of bundles: the wire. Works with any SFTP version 3 server."""

import asyncio
import hashlib
import io
import posixpath
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_REGULAR

from xconnector.connectors.print_house.destination import beside, numbered
from xconnector.connectors.print_house.destinations import SftpDestination
from xconnector.contract.errors import OutcomeUnknownError, PermanentError
from xconnector.contract.sftp_line import SftpLine, read_some

_PROBE = ".xconnector-check.part"
_CHUNK = 1 << 22


class SftpOfHouse:
    """A destination behind SFTP. One connection is held and made anew when it broke."""

    def __init__(self, settings: SftpDestination) -> None:
        self._line = SftpLine(
            settings,
            owner="the print house",
            denied="write in {folder}; ask the print house",
            absent="correct `folder` or ask the print house",
        )

    async def check(self) -> None:
        async with self._line.session() as sftp:
            async with sftp.open(self._line.path(_PROBE), "wb"):
                pass
            await sftp.remove(self._line.path(_PROBE))

    async def put(self, source: Path, name: str) -> None:
        with source.open("rb") as content:
            async with self._line.session() as sftp:
                written = await self._written_further(sftp, content, name)
                await _rename_over(sftp, written, self._line.path(name))

    async def write(self, content: bytes, name: str) -> None:
        async with self._line.session() as sftp:
            written = await self._write_beside(sftp, io.BytesIO(content), name)
            await _rename_over(sftp, written, self._line.path(name))

    async def commit(self, content: bytes, name: str) -> None:
        async with self._line.session() as sftp:
            written = await self._write_beside(sftp, io.BytesIO(content), name)
            try:
                await sftp.rename(written, self._line.path(name))
            except asyncssh.SFTPPermissionDenied:
                raise
            except (OSError, asyncssh.Error) as error:
                await self.close()
                raise OutcomeUnknownError(
                    f"the answer to renaming to {name} at {self._line.where} was lost; ask for the bundle"
                ) from error

    async def size_of(self, name: str) -> int | None:
        async with self._line.session() as sftp:
            try:
                return (await sftp.stat(self._line.path(name))).size
            except asyncssh.SFTPNoSuchFile:
                return None

    async def digest_of(self, name: str) -> str:
        digest = hashlib.sha256()
        async with self._line.session() as sftp, sftp.open(self._line.path(name), "rb") as file:
            while chunk := await read_some(file, _CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    async def read(self, name: str, *, at_most: int) -> bytes | None:
        async with self._line.session() as sftp:
            try:
                async with sftp.open(self._line.path(name), "rb") as file:
                    content = await read_some(file, at_most + 1)
            except asyncssh.SFTPNoSuchFile:
                return None
        if len(content) > at_most:
            raise PermanentError(f"{name} at {self._line.where} is larger than {at_most} bytes; look into it")
        return content

    async def written_at(self, name: str) -> datetime | None:
        async with self._line.session() as sftp:
            try:
                seconds = (await sftp.stat(self._line.path(name))).mtime
            except asyncssh.SFTPNoSuchFile:
                return None
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    async def names_in(self, folder: str) -> list[str]:
        async with self._line.session() as sftp:
            try:
                entries = await sftp.readdir(self._line.path(folder))
            except asyncssh.SFTPNoSuchFile:
                return []
        files = (entry for entry in entries if entry.attrs.type == FILEXFER_TYPE_REGULAR)
        return sorted(str(entry.filename) for entry in files)

    async def move(self, name: str, target: str) -> None:
        async with self._line.session() as sftp:
            await sftp.makedirs(posixpath.dirname(self._line.path(target)), exist_ok=True)
            number = 1
            while True:
                try:
                    # A plain rename never replaces, so that nothing that the house wrote is lost.
                    await sftp.rename(self._line.path(name), self._line.path(numbered(target, number)))
                except asyncssh.SFTPNoSuchFile:
                    return
                except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                    if not await sftp.exists(self._line.path(numbered(target, number))):
                        raise
                    number += 1
                else:
                    return

    async def close(self) -> None:
        await self._line.close()

    async def _written_further(self, sftp: asyncssh.SFTPClient, content: BinaryIO, name: str) -> str:
        """Write what an interrupted upload left out, after proof that what lies there is how the file begins."""
        written = self._line.path(beside(name))
        try:
            async with sftp.open(written, "r+b") as file:
                done = await _same_beginning(file, content)
                if done:
                    content.seek(done)
                    await file.seek(done)
                    await self._pour(content, file)
                    return written
        except asyncssh.SFTPNoSuchFile:
            pass
        content.seek(0)
        return await self._write_beside(sftp, content, name)

    async def _write_beside(self, sftp: asyncssh.SFTPClient, content: BinaryIO, name: str) -> str:
        written = self._line.path(beside(name))
        async with sftp.open(written, "wb") as file:
            await self._pour(content, file)
        return written

    async def _pour(self, content: BinaryIO, file: asyncssh.SFTPClientFile) -> None:
        while chunk := await asyncio.to_thread(content.read, _CHUNK):
            await file.write(chunk)
        await _sync(file)


async def _same_beginning(file: asyncssh.SFTPClientFile, content: BinaryIO) -> int:
    """Return how many bytes the file has, where they are those with which the content begins; else nothing."""
    done = 0
    while chunk := await read_some(file, _CHUNK):
        if await asyncio.to_thread(content.read, len(chunk)) != chunk:
            return 0
        done += len(chunk)
    return done


async def _sync(file: asyncssh.SFTPClientFile) -> None:
    # Where the server lacks the extension, closing the file is all one can ask for.
    with suppress(asyncssh.SFTPOpUnsupported):
        await file.fsync()


async def _rename_over(sftp: asyncssh.SFTPClient, name: str, target: str) -> None:
    """Rename in place of what is there: a plain SFTP rename fails on an existing name."""
    try:
        await sftp.posix_rename(name, target)
    except asyncssh.SFTPOpUnsupported:
        with suppress(asyncssh.SFTPNoSuchFile):
            await sftp.remove(target)
        await sftp.rename(name, target)
