"""A portal on the loopback address that keeps what the wire's description says and nothing more."""

import asyncio
import base64
import hashlib
import json
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance import Arrival

KEY = "a-key-nobody-may-see"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class PortalStandIn:
    def __init__(self) -> None:
        self.port = 0
        self.key = KEY
        self.requests: list[Request] = []
        self.documents: dict[str, bytes] = {}
        self.withdrawn: set[str] = set()
        self.answer: bytes | None = None
        """Given to every publication instead of the proper answer."""
        self._loses_answers = False
        self._refused: set[str] = set()
        self._server: AbstractServer | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": f"http://127.0.0.1:{self.port}", "key": KEY, "timeout": 5}

    async def come_up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=key, digests={RenditionKind.LETTER: hashlib.sha256(document).hexdigest()})
            for key, document in self.documents.items()
        ]

    async def go_down(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def lose_answers(self) -> None:
        self._loses_answers = True

    async def refuse(self, recipient: Recipient) -> None:
        self._refused.add(recipient.customer_key)

    async def reject_credentials(self) -> None:
        self.key = "another-key"

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await _read(reader)
            self.requests.append(request)
            answer = self._answer(request)
            if not (self._loses_answers and request.method == "PUT"):
                writer.write(answer)
                await writer.drain()
        writer.close()

    def _answer(self, request: Request) -> bytes:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return _response("401 Unauthorized")
        if request.method == "GET":
            return _response("204 No Content")
        if request.method == "DELETE":
            return self._withdraw(unquote(request.path.rpartition("/")[2]))
        if unquote(request.headers["xconnector-customer-key"]) in self._refused:
            return _response("422 Unprocessable Content")
        if self.answer is not None:
            return self.answer
        return self._publish(unquote(request.path.rpartition("/")[2]), request)

    def _publish(self, key: str, request: Request) -> bytes:
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        if request.headers["content-digest"] != f"sha-256=:{digest}:":
            return _response("400 Bad Request")
        if (kept := self.documents.get(key)) is not None:
            return _response("200 OK", reference=key) if kept == request.body else _response("409 Conflict")
        self.documents[key] = request.body
        return _response("201 Created", reference=f"document-{len(self.documents)}")

    def _withdraw(self, key: str) -> bytes:
        if key not in self.withdrawn and key not in self.documents:
            return _response("404 Not Found")
        self.withdrawn.add(key)
        self.documents.pop(key, None)
        return _response("204 No Content")


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[PortalStandIn]:
    del folder
    portal = PortalStandIn()
    await portal.come_up()
    try:
        yield portal
    finally:
        await portal.go_down()


async def _read(reader: StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, path=path, headers=headers, body=body)


def _response(status: str, **content: str) -> bytes:
    body = json.dumps(content).encode() if content else b""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
