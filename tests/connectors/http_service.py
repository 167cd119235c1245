"""An HTTP service on the loopback address that answers as its subclass says, as stand-ins of web APIs do."""

import asyncio
import json
from abc import ABC, abstractmethod
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    target: str
    """Path and query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> Mapping[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    content: object = None
    headers: Mapping[str, str] | None = None


class LoopbackService(ABC):
    """Serves whoever connects, and cuts every line when it goes down."""

    def __init__(self) -> None:
        self.port = 0
        self.loses_answers = False
        self._server: AbstractServer | None = None
        self._open: set[StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one line until its end; a line that breaks is no mistake."""

    async def come_up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.close()
            await self._server.wait_closed()
            self._server = None

    async def lose_answers(self) -> None:
        self.loses_answers = True

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self.converse(reader, writer)
        writer.close()
        self._open.discard(writer)


class HttpService(LoopbackService):
    """Serves `answer(request)`; `hands_over` says of which requests the answer may get lost."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """Say what a request is answered with."""

    def hands_over(self, request: Request) -> bool:
        """Say whether this request hands something over, so that its answer may be lost."""
        return request.method == "POST"

    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        request = await _read(reader)
        self.requests.append(request)
        answer = self.answer(request)
        if not (self.loses_answers and self.hands_over(request)):
            writer.write(_written(answer))
            await writer.drain()


async def _read(reader: StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, target=target, headers=headers, body=body)


def _written(answer: Answer) -> bytes:
    body = b"" if answer.content is None else json.dumps(answer.content).encode()
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in (answer.headers or {}).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
