"""A line to a broker that can be cut: what goes in at its port comes out at the broker's."""

import asyncio
from asyncio import Server, StreamReader, StreamWriter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.connectors.programs import free_port


@dataclass(slots=True, kw_only=True)
class Line:
    target: int
    """The broker's port."""
    port: int = field(default_factory=free_port)
    _server: Server | None = None
    _ends: set[StreamWriter] = field(default_factory=set[StreamWriter])

    async def lay(self) -> None:
        """Take connections from now on."""
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """End every connection, and take none."""
        if self._server is not None:
            self._server.close()
        for end in [*self._ends]:
            end.transport.abort()
        self._ends.clear()

    async def _join(self, reader: StreamReader, writer: StreamWriter) -> None:
        with self._known(writer), suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            with self._known(far_writer):
                if writer.transport.is_closing():
                    # The line was cut while the broker was called.
                    return
                there = asyncio.create_task(_carry(reader, far_writer))
                try:
                    await _carry(far_reader, writer)
                finally:
                    there.cancel()
                    await asyncio.gather(there, return_exceptions=True)

    @contextmanager
    def _known(self, end: StreamWriter) -> Generator[None]:
        """Let an end be cut, and leave none open."""
        self._ends.add(end)
        try:
            yield
        finally:
            end.transport.abort()
            self._ends.discard(end)


async def _carry(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()
