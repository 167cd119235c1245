"""An SFTP server as the destination of bundles: the wire. Works with any SFTP version 3 server."""

import asyncio
import hashlib
import io
import posixpath
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_REGULAR

from xconnector.connectors.print_house.destination import beside, numbered
from xconnector.connectors.print_house.destinations import SftpDestination
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

_PROBE = ".xconnector-check.part"
_CHUNK = 1 << 22
_CONNECT_SECONDS = 20
_KEEPALIVE_SECONDS = 15
"""A server that answers none of three of these is gone."""


class SftpOfHouse:
    """A destination behind SFTP. One connection is held and made anew when it broke."""

    def __init__(self, settings: SftpDestination) -> None:
        self._settings = settings
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()

    async def check(self) -> None:
        async with self._connected() as sftp:
            async with sftp.open(self._path(_PROBE), "wb"):
                pass
            await sftp.remove(self._path(_PROBE))

    async def put(self, source: Path, name: str) -> None:
        with source.open("rb") as content:
            async with self._connected() as sftp:
                written = await self._written_further(sftp, content, name)
                await _rename_over(sftp, written, self._path(name))

    async def write(self, content: bytes, name: str) -> None:
        async with self._connected() as sftp:
            written = await self._write_beside(sftp, io.BytesIO(content), name)
            await _rename_over(sftp, written, self._path(name))

    async def commit(self, content: bytes, name: str) -> None:
        async with self._connected() as sftp:
            written = await self._write_beside(sftp, io.BytesIO(content), name)
            try:
                await sftp.rename(written, self._path(name))
            except asyncssh.SFTPPermissionDenied:
                raise
            except (OSError, asyncssh.Error) as error:
                await self.close()
                raise OutcomeUnknownError(
                    f"the answer to renaming to {name} at {self._where()} was lost; ask for the bundle"
                ) from error

    async def size_of(self, name: str) -> int | None:
        async with self._connected() as sftp:
            try:
                return (await sftp.stat(self._path(name))).size
            except asyncssh.SFTPNoSuchFile:
                return None

    async def digest_of(self, name: str) -> str:
        digest = hashlib.sha256()
        async with self._connected() as sftp, sftp.open(self._path(name), "rb") as file:
            while chunk := await _read(file, _CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    async def read(self, name: str, *, at_most: int) -> bytes | None:
        async with self._connected() as sftp:
            try:
                async with sftp.open(self._path(name), "rb") as file:
                    content = await _read(file, at_most + 1)
            except asyncssh.SFTPNoSuchFile:
                return None
        if len(content) > at_most:
            raise PermanentError(f"{name} at {self._where()} is larger than {at_most} bytes; look into it")
        return content

    async def written_at(self, name: str) -> datetime | None:
        async with self._connected() as sftp:
            try:
                seconds = (await sftp.stat(self._path(name))).mtime
            except asyncssh.SFTPNoSuchFile:
                return None
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    async def names_in(self, folder: str) -> list[str]:
        async with self._connected() as sftp:
            try:
                entries = await sftp.readdir(self._path(folder))
            except asyncssh.SFTPNoSuchFile:
                return []
        files = (entry for entry in entries if entry.attrs.type == FILEXFER_TYPE_REGULAR)
        return sorted(str(entry.filename) for entry in files)

    async def move(self, name: str, target: str) -> None:
        async with self._connected() as sftp:
            await sftp.makedirs(posixpath.dirname(self._path(target)), exist_ok=True)
            number = 1
            while True:
                try:
                    # A plain rename never replaces, so that nothing that the house wrote is lost.
                    await sftp.rename(self._path(name), self._path(numbered(target, number)))
                except asyncssh.SFTPNoSuchFile:
                    return
                except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                    if not await sftp.exists(self._path(numbered(target, number))):
                        raise
                    number += 1
                else:
                    return

    async def close(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()
            with suppress(OSError, asyncssh.Error):
                await connection.wait_closed()

    async def _written_further(self, sftp: asyncssh.SFTPClient, content: BinaryIO, name: str) -> str:
        """Write what an interrupted upload left out, after proof that what lies there is how the file begins."""
        written = self._path(beside(name))
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
        written = self._path(beside(name))
        async with sftp.open(written, "wb") as file:
            await self._pour(content, file)
        return written

    async def _pour(self, content: BinaryIO, file: asyncssh.SFTPClientFile) -> None:
        while chunk := await asyncio.to_thread(content.read, _CHUNK):
            await file.write(chunk)
        await _sync(file)

    def _path(self, name: str) -> str:
        return posixpath.join(self._settings.folder, name)

    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[asyncssh.SFTPClient]:
        """Give a live session, and say what the server's errors mean."""
        try:
            yield await self._session()
        except ConnectorError:
            raise
        except (asyncssh.PermissionDenied, asyncssh.HostKeyNotVerifiable, asyncssh.KeyImportError) as error:
            raise self._misconfigured(error) from None
        except asyncssh.SFTPPermissionDenied:
            raise MisconfiguredError(
                f"{self._where()} lets {self._settings.user} not write in {self._settings.folder}; ask the print house"
            ) from None
        except asyncssh.SFTPNoSuchFile:
            raise MisconfiguredError(
                f"{self._where()} has no folder {self._settings.folder}; correct `folder` or ask the print house"
            ) from None
        except (OSError, asyncssh.Error) as error:
            await self.close()
            raise TransientError(f"{self._where()} cannot be reached ({type(error).__name__}); is it up?") from None

    async def _session(self) -> asyncssh.SFTPClient:
        async with self._connecting:
            if self._sftp is None or self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
                self._sftp = await self._connection.start_sftp_client()
            return self._sftp

    async def _connect(self) -> asyncssh.SSHClientConnection:
        settings = self._settings
        password = settings.password.get_secret_value() if settings.password else None
        key = asyncssh.import_private_key(settings.private_key.get_secret_value()) if settings.private_key else None
        return await asyncssh.connect(
            settings.host,
            settings.port,
            username=settings.user,
            password=password,
            client_keys=[key] if key else None,
            known_hosts=_only(settings.host_key) if settings.host_key else None,
            # Nothing of the user who happens to run us: neither agent nor files in the home folder.
            agent_path=None,
            config=None,
            preferred_auth="publickey" if key else "password,keyboard-interactive",
            connect_timeout=_CONNECT_SECONDS,
            login_timeout=_CONNECT_SECONDS,
            keepalive_interval=_KEEPALIVE_SECONDS,
        )

    def _misconfigured(self, error: Exception) -> MisconfiguredError:
        match error:
            case asyncssh.PermissionDenied():
                return MisconfiguredError(
                    f"{self._where()} refuses user {self._settings.user}; correct `password` or `private_key`"
                )
            case asyncssh.HostKeyNotVerifiable():
                return MisconfiguredError(
                    f"{self._where()} shows another key than `host_key`; ask the print house before you change it"
                )
            case _:
                return MisconfiguredError("`host_key` or `private_key` is no OpenSSH key; copy it whole")


def _only(host_key: str) -> tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]:
    """Return what makes asyncssh trust this one key and no other."""
    return [asyncssh.import_public_key(host_key)], [], []


async def _read(file: asyncssh.SFTPClientFile, size: int) -> bytes:
    # The library types what it reads as text or bytes by the mode of the file, which is binary here.
    return cast("bytes", await file.read(size))  # pyright: ignore[reportUnknownMemberType]


async def _same_beginning(file: asyncssh.SFTPClientFile, content: BinaryIO) -> int:
    """Return how many bytes the file has, where they are those with which the content begins; else nothing."""
    done = 0
    while chunk := await _read(file, _CHUNK):
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
