"""A service on 127.0.0.1 that answers with whatever it is told to, also with what no service should."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class ScriptedService:
    """Answers every request alike; without an answer, it breaks the line off."""

    answer: bytes | None = None
    slow: float = 0.0
    port: int = 0
    requests: list[bytes] = field(default_factory=list[bytes])
    _at_work: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/EngineService/EngineService"

    def says(self, body: bytes, *, status: str = "200 OK", media_type: str = "text/xml", **headers: str) -> None:
        """Answer so from now on."""
        lines = [
            f"HTTP/1.1 {status}",
            f"Content-Type: {media_type}",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.answer = "\r\n".join([*lines, "", ""]).encode() + body

    def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        serving = asyncio.create_task(self._serve(reader, writer))
        self._at_work.add(serving)
        serving.add_done_callback(self._at_work.discard)

    async def give_up(self) -> None:
        """Break off what is still being answered."""
        at_work = list(self._at_work)
        for serving in at_work:
            serving.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await self._answered(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answered(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
            self.requests.append(head + body)
            await asyncio.sleep(self.slow)
            if self.answer is not None:
                writer.write(self.answer)
                await writer.drain()


@asynccontextmanager
async def scripted_service() -> AsyncGenerator[ScriptedService]:
    service = ScriptedService()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    async with server:
        yield service
        await service.give_up()
