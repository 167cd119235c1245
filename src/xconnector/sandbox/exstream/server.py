"""The program's one HTTP server, on the loopback address."""

import socket
from asyncio import Transport
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from xconnector.sandbox.exstream.bodies import UnfitBodyError
from xconnector.sandbox.exstream.front_door import FrontDoor
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.refusals import framework_error
from xconnector.sandbox.program import announce

_LONGEST_GOODBYE = 2
"""Seconds."""


class _KnownLine(H11Protocol):
    """Lets the application see the line that a request came by, so that it can be broken off."""

    def connection_made(self, transport: Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn has it
        super().connection_made(transport)
        self.app_state = {**self.app_state, "line": transport}


class SandboxServer(uvicorn.Server):
    """Serves the routes of a house until `stop`; announces when it is ready."""

    def __init__(self, house: ExstreamHouse, routes: Sequence[Route], listener: socket.socket) -> None:
        self._listener = listener
        self._house = house
        app = Starlette(routes=list(routes), exception_handlers={UnfitBodyError: _unfit})
        super().__init__(
            uvicorn.Config(
                FrontDoor(app, house),
                http=_KnownLine,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_level="warning",
                access_log=False,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=_LONGEST_GOODBYE,
            )
        )

    async def run_until_stopped(self) -> None:
        await self.serve(sockets=[self._listener])

    def stop(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        known = self._house.sign_ins.credentials
        announce(
            port=self._listener.getsockname()[1],
            domain=self._house.domain,
            mount=self._house.mount,
            output=str(self._house.output),
            client_id=known.client_id,
            client_secret=known.client_secret,
            user=known.user,
            password=known.password,
            designs={name: design.communication for name, design in self._house.designs.items()},
        )

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the program, which ends everything in good order."""
        yield


async def _unfit(request: Request, unfit: Exception) -> Response:
    return framework_error(HTTPStatus.BAD_REQUEST, str(unfit), request.url.path)
