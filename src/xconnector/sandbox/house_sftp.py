"""The print house's door: a real SFTP server on 127.0.0.1 that shows one folder to one user."""

import hmac
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncssh

USER = "sandbox"
PASSWORD = "sandbox"  # noqa: S105 - of a sandbox, which everybody may know


@dataclass(slots=True)
class Door:
    """Who is let in just now."""

    closed: bool = False
    """Nobody answers."""
    refuses_everybody: bool = False
    """The password is wrong, whatever it is."""
    loses_answers: bool = False
    """A trigger is taken, and the line breaks before the answer."""
    password: str = PASSWORD
    open_lines: set[asyncssh.SSHServerConnection] = field(default_factory=set[asyncssh.SSHServerConnection])

    def close(self) -> None:
        """Break off every line, and answer nobody until it is opened again."""
        self.closed = True
        for line in list(self.open_lines):
            line.abort()


class HouseSftp:
    """The server; an async context manager that knows its port and host key."""

    def __init__(self, folder: Path, door: Door, *, port: int = 0) -> None:
        self._folder = folder
        self._door = door
        self._port = port
        # Its keywords, which none of ours are, have no types.
        self._key = asyncssh.generate_private_key("ssh-ed25519")  # pyright: ignore[reportUnknownMemberType]

    async def __aenter__(self) -> Self:
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            self._port,
            server_factory=lambda: _Session(self._door),
            server_host_keys=[self._key],
            sftp_factory=self._files,
            allow_scp=False,
        )
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._door.close()
        self._acceptor.close()
        await self._acceptor.wait_closed()

    def _files(self, channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return _Files(channel, self._folder, self._door)

    @property
    def port(self) -> int:
        return self._acceptor.get_port()

    @property
    def host_key(self) -> str:
        return self._key.export_public_key("openssh").decode().strip()


class _Session(asyncssh.SSHServer):
    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._line = conn
        self._door.open_lines.add(conn)
        if self._door.closed:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the library's signature
        self._door.open_lines.discard(self._line)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - the library's signature
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        is_right = hmac.compare_digest(f"{username}:{password}".encode(), f"{USER}:{self._door.password}".encode())
        return is_right and not self._door.refuses_everybody


class _Files(asyncssh.SFTPServer):
    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], folder: Path, door: Door) -> None:
        super().__init__(chan, chroot=bytes(folder))  # pyright: ignore[reportUnknownMemberType] - of its channel
        self._door = door

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().rename(oldpath, newpath)
        if self._door.loses_answers and newpath.endswith(b".done"):
            self.connection.abort()
