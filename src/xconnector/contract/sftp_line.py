"""The line to an SFTP server of version 3, for every connector that works in a folder behind one."""

import asyncio
import posixpath
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import cast

import asyncssh

from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError
from xconnector.contract.sftp_server import SftpServer

THERE_IS_NONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_SECONDS = 20
_KEEPALIVE_SECONDS = 15
"""A server that answers none of three of these is gone."""


class SftpLine:
    """One connection, held and made anew when it broke."""

    def __init__(self, settings: SftpServer, *, owner: str, denied: str, absent: str) -> None:
        """Nothing is connected before `session`.

        Args:
            settings: the server.
            owner: who knows its host key.
            denied: what the user cannot do in the folder, and the remedy.
            absent: the remedy where there is no folder of the name.
        """
        self._settings = settings
        self._owner = owner
        self._denied = denied
        self._absent = absent
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self._connecting = asyncio.Lock()

    @property
    def where(self) -> str:
        """The server, as errors name it."""
        return f"{self._settings.host}:{self._settings.port}"

    def path(self, name: str) -> str:
        """Return where a file of the folder lies; nothing names the folder itself."""
        return posixpath.join(self._settings.folder, name) if name else self._settings.folder

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[asyncssh.SFTPClient]:
        """Give a live session, and say what the server's errors mean.

        Raises MisconfiguredError and TransientError.
        """
        try:
            yield await self._session()
        except ConnectorError:
            raise
        except (asyncssh.PermissionDenied, asyncssh.HostKeyNotVerifiable, asyncssh.KeyImportError) as error:
            raise self._misconfigured(error) from None
        except asyncssh.SFTPPermissionDenied:
            who, folder = self._settings.user, self._settings.folder
            raise MisconfiguredError(f"{self.where} lets {who} not {self._denied.format(folder=folder)}") from None
        except THERE_IS_NONE:
            raise MisconfiguredError(f"{self.where} has no folder {self._settings.folder}; {self._absent}") from None
        except (OSError, asyncssh.Error) as error:
            await self.close()
            raise TransientError(f"{self.where} cannot be reached ({type(error).__name__}); is it up?") from None

    async def close(self) -> None:
        """End the connection at once; the next session makes another."""
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is not None:
            connection.abort()
            with suppress(OSError, asyncssh.Error):
                await connection.wait_closed()

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
                return MisconfiguredError(f"{self.where} {told}")
            case asyncssh.HostKeyNotVerifiable():
                told = f"shows another key than `host_key`; ask {self._owner} before you change it"
                return MisconfiguredError(f"{self.where} {told}")
            case _:
                return MisconfiguredError("`host_key` or `private_key` is no OpenSSH key; copy it whole")


async def read_some(file: asyncssh.SFTPClientFile, size: int) -> bytes:
    """Return at most so many bytes of a file that was opened as binary, or none at its end."""
    # The library types what it reads as text or bytes by the mode of the file.
    return cast("bytes", await file.read(size))  # pyright: ignore[reportUnknownMemberType]


def _only(host_key: str) -> tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]]:
    """Return what makes asyncssh trust this one key and no other."""
    return [asyncssh.import_public_key(host_key)], [], []
