"""The wire of a folder on an SFTP server. Works with any server of SFTP version 3."""

import asyncio
import posixpath
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY, FILEXFER_TYPE_REGULAR

from xconnector.connectors.sftp_drop.settings import SftpDropSettings
from xconnector.contract.drop_folder import Entry, Kind, Moved
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_CHUNK = 1 << 20
_SECONDS = 20
_KEEPALIVE_SECONDS = 15
"""A server that answers none of three of these is gone."""
_KINDS = {FILEXFER_TYPE_REGULAR: Kind.FILE, FILEXFER_TYPE_DIRECTORY: Kind.FOLDER}
_THERE_IS_NONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)


class FolderOnServer:
    """A folder behind SFTP. One connection is held and made anew when it broke."""

    def __init__(self, settings: SftpDropSettings) -> None:
        """Nothing is connected before it is asked."""
        self._settings = settings
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()

    async def entries(self, folder: str = "") -> Sequence[Entry]:
        async with self._connected() as sftp:
            try:
                found = await sftp.readdir(self._path(folder))
            except _THERE_IS_NONE:
                if folder:
                    return []
                raise
        return [_entry(name) for name in found if str(name.filename) not in {".", ".."}]

    async def move(self, name: str, target: str) -> Moved:
        async with self._connected() as sftp:
            if not await sftp.lexists(self._path(name)):
                return Moved.GONE
            await sftp.makedirs(posixpath.dirname(self._path(target)), exist_ok=True)
            try:
                # A plain rename never replaces, and of two who move one file, the server lets one.
                await sftp.rename(self._path(name), self._path(target))
            except _THERE_IS_NONE:
                return Moved.GONE
            except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                if await sftp.lexists(self._path(target)):
                    return Moved.TAKEN
                if not await sftp.lexists(self._path(name)):
                    return Moved.GONE
                raise
        return Moved.MOVED

    async def fetch(self, name: str, into: Path, *, at_most: int) -> None:
        async with self._connected() as sftp:
            status = await sftp.lstat(self._path(name))
            if status.type != FILEXFER_TYPE_REGULAR:
                raise PermanentError("it is no ordinary file but a link, a pipe or a device")
            try:
                source = await sftp.open(self._path(name), "rb")
            except asyncssh.SFTPPermissionDenied:
                raise PermanentError("it cannot be read; may this user read it?") from None
            async with source:
                with into.open("xb") as copy:
                    await _copy(source, copy, at_most)

    async def write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        beside = posixpath.join(posixpath.dirname(path), f".{posixpath.basename(path)}.part")
        async with self._connected() as sftp:
            await sftp.makedirs(posixpath.dirname(path), exist_ok=True)
            async with sftp.open(beside, "wb") as file:
                await file.write(content)
            with suppress(*_THERE_IS_NONE):
                await sftp.remove(path)
            await sftp.rename(beside, path)

    async def remove(self, name: str) -> None:
        async with self._connected() as sftp:
            try:
                status = await sftp.lstat(self._path(name))
                if status.type == FILEXFER_TYPE_DIRECTORY:
                    await sftp.rmdir(self._path(name))
                else:
                    await sftp.remove(self._path(name))
            except _THERE_IS_NONE:
                return
            except (asyncssh.SFTPFailure, asyncssh.SFTPDirNotEmpty):
                # SFTP has no word of its own for a folder that is not empty.
                if not await sftp.lexists(self._path(name)):
                    return
                if not await sftp.isdir(self._path(name)):
                    raise

    async def close(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()
            with suppress(OSError, asyncssh.Error):
                await connection.wait_closed()

    def _path(self, name: str) -> str:
        return posixpath.join(self._settings.folder, name) if name else self._settings.folder

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
                f"{self._where()} lets {self._settings.user} not work in {self._settings.folder}: it must list, read, "
                "rename and write there"
            ) from None
        except _THERE_IS_NONE:
            raise MisconfiguredError(
                f"{self._where()} has no folder {self._settings.folder}; correct `folder`"
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
        key = asyncssh.import_private_key(settings.private_key.get_secret_value()) if settings.private_key else None
        return await asyncssh.connect(
            settings.host,
            settings.port,
            username=settings.user,
            password=settings.password.get_secret_value() if settings.password else None,
            client_keys=[key] if key else None,
            known_hosts=_only(settings.host_key) if settings.host_key else None,
            # Nothing of the user who happens to run us: neither agent nor files in the home folder.
            agent_path=None,
            config=None,
            preferred_auth="publickey" if key else "password,keyboard-interactive",
            connect_timeout=_SECONDS,
            login_timeout=_SECONDS,
            keepalive_interval=_KEEPALIVE_SECONDS,
        )

    def _misconfigured(self, error: Exception) -> MisconfiguredError:
        match error:
            case asyncssh.PermissionDenied():
                told = f"refuses user {self._settings.user}; correct `password` or `private_key`"
                return MisconfiguredError(f"{self._where()} {told}")
            case asyncssh.HostKeyNotVerifiable():
                told = "shows another key than `host_key`; ask its owner before you change it"
                return MisconfiguredError(f"{self._where()} {told}")
            case _:
                return MisconfiguredError("`host_key` or `private_key` is no OpenSSH key; copy it whole")


def _entry(name: asyncssh.SFTPName) -> Entry:
    attributes = name.attrs
    kind = _KINDS.get(attributes.type, Kind.OTHER)
    return Entry(name=str(name.filename), kind=kind, size=attributes.size or 0, written_at=float(attributes.mtime or 0))


async def _copy(source: asyncssh.SFTPClientFile, copy: BinaryIO, at_most: int) -> None:
    left = at_most
    # The library types what it reads as text or bytes by the mode of the file, which is binary here.
    while chunk := cast("bytes", await source.read(_CHUNK)):  # pyright: ignore[reportUnknownMemberType]
        left -= len(chunk)
        if left < 0:
            raise PermanentError(f"it has more than {at_most} bytes, which is `largest` of the drop")
        await asyncio.to_thread(copy.write, chunk)


def _only(host_key: str) -> tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]:
    """Return what makes asyncssh trust this one key and no other."""
    return [asyncssh.import_public_key(host_key)], [], []
