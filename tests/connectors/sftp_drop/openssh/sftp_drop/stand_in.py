"""Files arrive behind Debian's OpenSSH."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Any

from tests.connectors.print_house.openssh.print_house.stand_in import OpenSshStandIn, end, open_stand_in


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSshDropStandIn:
    server: OpenSshStandIn

    @property
    def folder(self) -> Path:
        return self.server.house.folder

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": getuser(),
            "private_key": self.server.private_key,
            "host_key": self.server.host_key,
            "folder": str(self.folder),
        }

    async def go_away(self) -> None:
        end(self.server.process)


@asynccontextmanager
async def open_drop(folder: Path) -> AsyncGenerator[OpenSshDropStandIn]:
    async with open_stand_in(folder) as server:
        yield OpenSshDropStandIn(server=server)
