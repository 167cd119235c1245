"""The wire below the door: HTTP/1.1 that waits for the head of a request only so long."""

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from xconnector.entrypoints.web.corked import CorkedTransport

CERTIFICATE = "certificate"
"""Under which the state of a request holds the caller's certificate in DER, or None."""


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, which by itself waits for ever for the rest of a request's head."""

    head_seconds: ClassVar[float] = 10.0
    """How long a head may take, from the connection or from its first byte."""

    _until_head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn has it
        super().connection_made(CorkedTransport(transport, self.loop))
        encrypted = transport.get_extra_info("ssl_object")
        # One that is there was proven in the handshake.
        certificate = None if encrypted is None else encrypted.getpeercert(binary_form=True)
        self.app_state = {**self.app_state, CERTIFICATE: certificate}
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._head_came()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._until_head is None:
            self._until_head = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _head_came(self) -> None:
        if self._until_head is not None:
            self._until_head.cancel()
            self._until_head = None
