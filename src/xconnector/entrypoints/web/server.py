"""The server: uvicorn on one listening socket, ended in good order."""

import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from xconnector.entrypoints.web.protocol import PatientProtocol

_KEEP_ALIVE_SECONDS = 15
_GRACE_SECONDS = 15
_MOST_CONNECTIONS = 500
_LARGEST_HEAD = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How connections are encrypted."""

    certificate: Path
    """The server's own, in PEM, with those between it and its authority."""
    key: Path
    """Its private key, in PEM, without a passphrase."""
    client_authorities: Path | None = None
    """Authorities, in PEM, whose client certificates are taken. A caller may come without one; what it may then do, is
    for each route to say."""


class TlsError(Exception):
    """The server cannot encrypt so; the message says what to do."""


class WebServer(uvicorn.Server):
    """Serves an application until `stop`; what is under way then may end."""

    def __init__(
        self,
        app: FastAPI,
        listener: socket.socket,
        *,
        tls: Tls | None = None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
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
                ssl_certfile=None if tls is None else tls.certificate,
                ssl_keyfile=None if tls is None else tls.key,
                ssl_ca_certs=None if tls is None or tls.client_authorities is None else str(tls.client_authorities),
                ssl_cert_reqs=ssl.CERT_NONE if tls is None or tls.client_authorities is None else ssl.CERT_OPTIONAL,
            )
        )
        try:
            self.config.load()
        except (OSError, ssl.SSLError) as wrong:
            raise TlsError(
                f"certificate, key, or authorities cannot be used ({wrong}): all are files in PEM"
            ) from wrong
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
