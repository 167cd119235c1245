"""A real RabbitMQ, started once for a session of tests.

It runs in a folder of its own, on free ports of the loopback address; no service of the machine is touched.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.connectors.programs import answers, free_port, until

_PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"
_CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{port}
loopback_users.guest = true
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 1MB
log.console = false
"""


@dataclass(slots=True, kw_only=True)
class RabbitServer:
    """The program, and the port mapper that it brings along."""

    folder: Path
    port: int = field(default_factory=free_port)
    epmd_port: int = field(default_factory=free_port)
    dist_port: int = field(default_factory=free_port)
    program: subprocess.Popen[bytes] | None = None

    @property
    def _environment(self) -> dict[str, str]:
        node = f"xc{self.port}@localhost"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": node,
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.epmd_port),
        }

    def start(self) -> None:
        for part in ("mnesia", "log"):
            (self.folder / part).mkdir(exist_ok=True)
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(_CONFIG.format(port=self.port))
        self.program = subprocess.Popen(
            [_PROGRAM],
            env=self._environment,
            cwd=self.folder,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        if self.program is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.program.pid, signal.SIGKILL)
            self.program.wait()
        self._stop_port_mapper()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stop_port_mapper(self) -> None:
        """It goes on its own ways, and ends only when it has heard that the node is gone."""
        for _ in range(200):
            said = subprocess.run(["epmd", "-kill"], env=self._environment, check=False, capture_output=True)
            if b"living nodes" not in said.stdout + said.stderr:
                return
            time.sleep(0.05)


_servers: list[RabbitServer] = []


async def running_server() -> RabbitServer:
    """Return the server of this session of tests, started by the first who asks."""
    if not _servers:
        server = RabbitServer(folder=Path(tempfile.mkdtemp(prefix="xc-rabbit-")))
        server.start()
        atexit.register(server.stop)
        _servers.append(server)
    await until(lambda: answers(_servers[0].port), why="RabbitMQ did not come up")
    return _servers[0]
