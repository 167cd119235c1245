"""An SFTP server of the library on 127.0.0.1; OpenSSH stands in `openssh/`."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from xconnector.sandbox.house_sftp import PASSWORD, USER, Door, HouseSftp


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpStandIn:
    folder: Path
    door: Door
    server: HouseSftp

    @property
    def settings(self) -> Mapping[str, object]:
        return {
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": USER,
            "password": PASSWORD,
            "host_key": self.server.host_key,
        }

    async def go_away(self) -> None:
        self.door.close()


@asynccontextmanager
async def open_drop(folder: Path) -> AsyncGenerator[SftpStandIn]:
    door = Door()
    async with HouseSftp(folder, door) as server:
        yield SftpStandIn(folder=folder, door=door, server=server)
