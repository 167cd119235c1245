"""A line to a broker that can be cut: what goes in at its port comes out at the broker's."""

import asyncio
from asyncio import Server, StreamReader, StreamWriter
from contextlib import suppress
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
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        there = asyncio.create_task(_carry(reader, far_writer))
        await _carry(far_reader, writer)
        there.cancel()
        await asyncio.gather(there, return_exceptions=True)
        self._ends -= {writer, far_writer}


async def _carry(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()
