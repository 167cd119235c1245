"""The wire of a folder on an SFTP server. Works with any server of SFTP version 3."""

import asyncio
import posixpath
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_REGULAR

from xconnector.connectors.sftp_drop.settings import SftpDropSettings
from xconnector.contract.drop_folder import Entry, Kind, Moved
from xconnector.contract.errors import PermanentError
from xconnector.contract.sftp_line import THERE_IS_NONE, SftpLine, read_some

_CHUNK = 1 << 20
_KINDS = {FILEXFER_TYPE_REGULAR: Kind.FILE, FILEXFER_TYPE_DIRECTORY: Kind.FOLDER}


class FolderOnServer:
    """A folder behind SFTP. One connection is held and made anew when it broke."""

    def __init__(self, settings: SftpDropSettings) -> None:
        """Nothing is connected before it is asked."""
        self._line = SftpLine(
            settings,
            owner="its owner",
            denied="work in {folder}: it must list, read, rename and write there",
            absent="correct `folder`",
        )

    async def entries(self, folder: str = "") -> Sequence[Entry]:
        async with self._line.session() as sftp:
            try:
                found = await sftp.readdir(self._line.path(folder))
            except THERE_IS_NONE:
                if folder:
                    return []
                raise
        return [_entry(name) for name in found if str(name.filename) not in {".", ".."}]

    async def move(self, name: str, target: str) -> Moved:
        async with self._line.session() as sftp:
            if not await sftp.lexists(self._line.path(name)):
                return Moved.GONE
            await sftp.makedirs(posixpath.dirname(self._line.path(target)), exist_ok=True)
            try:
                # A plain rename never replaces, and of two who move one file, the server lets one.
                await sftp.rename(self._line.path(name), self._line.path(target))
            except THERE_IS_NONE:
                return Moved.GONE
            except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                if await sftp.lexists(self._line.path(target)):
                    return Moved.TAKEN
                if not await sftp.lexists(self._line.path(name)):
                    return Moved.GONE
                raise
        return Moved.MOVED

    async def fetch(self, name: str, into: Path, *, at_most: int) -> None:
        async with self._line.session() as sftp:
            status = await sftp.lstat(self._line.path(name))
            if status.type != FILEXFER_TYPE_REGULAR:
                raise PermanentError("it is no ordinary file but a link, a pipe or a device")
            try:
                source = await sftp.open(self._line.path(name), "rb")
            except asyncssh.SFTPPermissionDenied:
                raise PermanentError("it cannot be read; may this user read it?") from None
            async with source:
                with into.open("xb") as copy:
                    await _copy(source, copy, at_most)

    async def write(self, name: str, content: bytes) -> None:
        path = self._line.path(name)
        beside = posixpath.join(posixpath.dirname(path), f".{posixpath.basename(path)}.part")
        async with self._line.session() as sftp:
            await sftp.makedirs(posixpath.dirname(path), exist_ok=True)
            async with sftp.open(beside, "wb") as file:
                await file.write(content)
            with suppress(*THERE_IS_NONE):
                await sftp.remove(path)
            await sftp.rename(beside, path)

    async def remove(self, name: str) -> None:
        async with self._line.session() as sftp:
            try:
                status = await sftp.lstat(self._line.path(name))
                if status.type == FILEXFER_TYPE_DIRECTORY:
                    await sftp.rmdir(self._line.path(name))
                else:
                    await sftp.remove(self._line.path(name))
            except THERE_IS_NONE:
                return
            except (asyncssh.SFTPFailure, asyncssh.SFTPDirNotEmpty):
                # SFTP has no word of its own for a folder that is not empty.
                if not await sftp.lexists(self._line.path(name)):
                    return
                if not await sftp.isdir(self._line.path(name)):
                    raise

    async def close(self) -> None:
        await self._line.close()


def _entry(name: asyncssh.SFTPName) -> Entry:
    attributes = name.attrs
    kind = _KINDS.get(attributes.type, Kind.OTHER)
    return Entry(name=str(name.filename), kind=kind, size=attributes.size or 0, written_at=float(attributes.mtime or 0))


async def _copy(source: asyncssh.SFTPClientFile, copy: BinaryIO, at_most: int) -> None:
    left = at_most
    while chunk := await read_some(source, _CHUNK):
        left -= len(chunk)
        if left < 0:
            raise PermanentError(f"it has more than {at_most} bytes, which is `largest` of the drop")
        await asyncio.to_thread(copy.write, chunk)
