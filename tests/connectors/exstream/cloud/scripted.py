"""A server on the loopback address that answers as a test says, and keeps what it was asked."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    after: float = 0.0
    """Seconds."""
    breaks_off: bool = False
    """The line breaks off in the middle of the body."""


def of_json(content: object, *, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(content).encode(), headers={"Content-Type": "application/json"})


class ScriptedServer:
    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self._answer = answer
        self.url = ""
        self.requests: list[Request] = []
        self._at_work: set[asyncio.Task[None]] = set()

    def targets(self) -> list[str]:
        return [request.target for request in self.requests]

    def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        serving = asyncio.create_task(self._serve(reader, writer))
        self._at_work.add(serving)
        serving.add_done_callback(self._at_work.discard)

    async def give_up(self) -> None:
        """Break off what is still being answered."""
        for serving in list(self._at_work):
            serving.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.requests.append(request)
            reply = self._answer(request)
            await asyncio.sleep(reply.after)
            writer.write(_written(reply))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def scripted(answer: Callable[[Request], Reply]) -> AsyncGenerator[ScriptedServer]:
    script = ScriptedServer(answer)
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        await script.give_up()
        server.close()
        await server.wait_closed()


def _written(reply: Reply) -> bytes:
    length = len(reply.body) + (1 if reply.breaks_off else 0)
    headers = {"Content-Length": str(length), "Connection": "close", **reply.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} Told\r\n{head}\r\n".encode() + reply.body


async def _read(reader: StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    if headers.get("transfer-encoding") == "chunked":
        return Request(method=method, target=target, headers=headers, body=await _chunks(reader))
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, target=target, headers=headers, body=body)


async def _chunks(reader: StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).strip(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
