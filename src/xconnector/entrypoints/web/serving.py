"""Serving a project: the web, and a worker beside it, until the process is told to end."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from xconnector.entrypoints.bootstrap import open_project
from xconnector.entrypoints.garbage import spare_what_stays
from xconnector.entrypoints.portal_secrets import portal_secrets
from xconnector.entrypoints.web.application import application
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.listening import listening
from xconnector.entrypoints.web.server import Tls, WebServer
from xconnector.operations.keys import NamedKey, every_key
from xconnector.pipeline.workplace import state_folder

logger = logging.getLogger(__name__)

WORKER_GRACE = timedelta(seconds=45)
"""How long a worker may take to end its running stages."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
"""Between a worker that ended by itself and the next one."""


LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
QUIET = ("uvicorn", "psycopg", "procrastinate", "httpx", "pikepdf")
"""What these tell while all is well is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served, and where."""

    project: str
    host: str
    port: int
    keys: list[NamedKey]
    """Those that open something."""
    is_loopback: bool
    """Whether only this machine can reach it."""
    is_encrypted: bool
    webhooks: tuple[str, ...]
    """Connections that take webhooks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a project is served."""

    with_worker: bool = True
    tls: Tls | None = None
    limits: WebLimits = field(default_factory=WebLimits)


def log_to_stderr() -> None:
    """Write the log of this process, access log included, to standard error."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


async def serve(folder: Path, *, host: str, port: int, manner: Manner, on_ready: Callable[[Serving], None]) -> None:
    """Serve a project until SIGTERM or SIGINT; `on_ready` is called once requests are answered."""
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listening(host, port))
        place, _ = await stack.enter_async_context(open_project(folder, name="xconnector web"))
        secrets = portal_secrets(state_folder(place.project.folder), os.environ)
        keys = [key for key in await every_key(place.pool) if key.revoked_at is None]
        address, port, *_ = listener.getsockname()
        is_loopback = ip_address(address).is_loopback
        serving = Serving(
            project=place.project.name,
            host=host,
            port=port,
            keys=keys,
            is_loopback=is_loopback,
            is_encrypted=manner.tls is not None,
            webhooks=tuple(name for name in place.connections.names if place.connections.takes_webhooks(name)),
        )
        app = application(place, secrets=secrets, limits=manner.limits)
        server = WebServer(app, listener, tls=manner.tls, on_ready=lambda: on_ready(serving))
        if manner.with_worker:
            await stack.enter_async_context(worker_beside(folder))
        spare_what_stays()
        stack.enter_context(_stopped_by_signals(server))
        await server.run_until_stopped()


@contextmanager
def _stopped_by_signals(server: WebServer) -> Generator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@asynccontextmanager
async def worker_beside(folder: Path) -> AsyncGenerator[None]:
    """Keep a worker of the project running for the block: one that died is replaced."""
    keeping = asyncio.create_task(_keep_working(folder))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


async def _keep_working(folder: Path) -> None:
    pause = FIRST_PAUSE
    while True:
        # A session of its own: Ctrl-C is for us, and we end it.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "xconnector", "worker", "--project", str(folder), "--with-parent"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = await process.wait()
        finally:
            await _end(process)
        logger.error("the worker ended with %d; the next one starts in %.0f s", code, pause.total_seconds())
        await asyncio.sleep(pause.total_seconds())
        pause = min(2 * pause, LONGEST_PAUSE)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(WORKER_GRACE.total_seconds()):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
