"""A print house behind Debian's OpenSSH: the same house, another door."""

import asyncio
import getpass
import socket
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import asyncssh
import psutil

from tests.connectors.print_house.stand_in import read_lines
from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.sandbox.house import Conduct, House
from xconnector.testing.conformance import Arrival, not_applicable

COLLECTS = True
SSHD = "/usr/sbin/sshd"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


@dataclass(frozen=True, kw_only=True)
class OpenSshStandIn:
    house: House
    process: subprocess.Popen[bytes]
    port: int
    host_key: str
    private_key: str
    authorized_keys: Path

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "destination": {
                "kind": "sftp",
                "host": "127.0.0.1",
                "port": self.port,
                "user": getpass.getuser(),
                "private_key": self.private_key,
                "host_key": self.host_key,
                "folder": str(self.house.folder),
            },
            "acknowledgement": {"folder": "acks", "within": "1h"},
        }

    async def arrived(self) -> Sequence[Arrival]:
        for trigger in self.house.waiting():
            self.house.work_off(trigger)
        return [
            Arrival(dispatch_key=line["dispatch_key"], digests={RenditionKind.LETTER: line["sha256"]})
            for line in read_lines(self.house.arrivals)
        ]

    async def go_down(self) -> None:
        end(self.process)

    async def lose_answers(self) -> NoReturn:
        not_applicable("OpenSSH answers; the sandbox's server loses answers")

    async def refuse(self, recipient: Recipient) -> NoReturn:
        del recipient
        not_applicable("a print house judges bundles, and says so in its acknowledgement")

    async def reject_credentials(self) -> None:
        self.authorized_keys.write_text("")


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[OpenSshStandIn]:
    host_key, user_key = (new_key(folder / name) for name in ("host_key", "user_key"))
    authorized_keys = folder / "authorized_keys"
    authorized_keys.write_bytes(user_key.export_public_key())
    port = free_port()
    process = start(folder, port)
    house = folder / "house"
    house.mkdir()
    try:
        await answers_at(port)
        yield OpenSshStandIn(
            house=House(folder=house, conduct=Conduct()),
            process=process,
            port=port,
            host_key=host_key.export_public_key().decode(),
            private_key=user_key.export_private_key().decode(),
            authorized_keys=authorized_keys,
        )
    finally:
        end(process)


def new_key(path: Path) -> asyncssh.SSHKey:
    key = asyncssh.generate_private_key("ssh-ed25519")  # pyright: ignore[reportUnknownMemberType] - of its keywords
    path.touch(0o600)
    path.write_bytes(key.export_private_key())
    return key


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    # Where root starts it, it wants this folder, which a service of the machine would have made.
    privileged = Path("/run/sshd")
    if getpass.getuser() == "root" and not privileged.exists():
        privileged.mkdir(mode=0o755)
    configuration = folder / "sshd_config"
    configuration.write_text(
        f"""
        Port {port}
        ListenAddress 127.0.0.1
        HostKey {folder / "host_key"}
        AuthorizedKeysFile {folder / "authorized_keys"}
        PidFile none
        StrictModes no
        PermitRootLogin prohibit-password
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        UsePAM no
        Subsystem sftp {SFTP_SERVER}
        """,
        encoding="utf-8",
    )
    return subprocess.Popen([SSHD, "-D", "-e", "-f", str(configuration)], stderr=subprocess.DEVNULL)


async def answers_at(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError("sshd does not answer")


def end(process: subprocess.Popen[bytes]) -> None:
    """End the server and the sessions that it opened."""
    if process.poll() is None:
        end_sessions(process)
        process.kill()
        process.wait()


def end_sessions(process: subprocess.Popen[bytes]) -> None:
    """Break every connection that the server has; a session may end by itself while we look."""
    for session in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            session.kill()
