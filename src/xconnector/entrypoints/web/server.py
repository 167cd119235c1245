"""The server: uvicorn on one listening socket, ended in good order."""

import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from xconnector.entrypoints.web.protocol import PatientProtocol

_KEEP_ALIVE_SECONDS = 15
_GRACE_SECONDS = 15
_MOST_CONNECTIONS = 500
_LARGEST_HEAD = 32 * 1024


class WebServer(uvicorn.Server):
    """Serves an application until `stop`; what is under way then may end."""

    def __init__(self, app: FastAPI, listener: socket.socket, *, on_ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_config=None,
                # The door writes it, without addresses.
                access_log=False,
                server_header=False,
                # Who called is told by keys, not by headers that anybody can write.
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                limit_concurrency=_MOST_CONNECTIONS,
                h11_max_incomplete_event_size=_LARGEST_HEAD,
            )
        )
        self._listener = listener
        self._on_ready = on_ready

    async def run_until_stopped(self) -> None:
        await self.serve(sockets=[self._listener])

    def stop(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to whoever started the server: uvicorn would end the process before anything is closed."""
        yield
