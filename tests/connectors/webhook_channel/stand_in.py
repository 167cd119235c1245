"""A receiver of webhooks on the loopback address that proves every request by the Standard Webhooks library."""

import asyncio
import base64
import hashlib
import json
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from standardwebhooks import Webhook, WebhookVerificationError

from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance import Arrival

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
_OTHER = "whsec_" + base64.b64encode(b"another of thirty-two bytes.....").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The JSON of the request."""
        return cast("dict[str, Any]", json.loads(self.body))


class ReceiverStandIn:
    def __init__(self) -> None:
        self.port = 0
        self.secret = SECRET
        self.requests: list[Request] = []
        self.taken: dict[str, Request] = {}
        self.answer = HTTPStatus.NO_CONTENT
        self.headers: Mapping[str, str] = {}
        """Of every answer to a hand-over."""
        self._loses_answers = False
        self._refused: set[str] = set()
        self._server: AbstractServer | None = None
        self._open: set[StreamWriter] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": f"http://127.0.0.1:{self.port}/hooks",
            "medium": "portal",
            "takes": ["letter", "sms"],
            "documents": "body",
            "secrets": [SECRET],
            "knows_again": True,
            "allowed": {"loopback": True},
            "timeout": 5,
        }

    async def come_up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=key, digests=_digests(request.told["data"]["documents"]))
            for key, request in self.taken.items()
        ]

    async def go_down(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.close()
            await self._server.wait_closed()
            self._server = None

    async def lose_answers(self) -> None:
        self._loses_answers = True

    async def refuse(self, recipient: Recipient) -> None:
        self._refused.add(recipient.customer_key)

    async def reject_credentials(self) -> None:
        self.secret = _OTHER

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await _read(reader)
                self.requests.append(request)
                status = self._status(request)
                if self._loses_answers and request.method == "POST":
                    break
                told = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                head = f"HTTP/1.1 {status.value} {status.phrase}\r\n{told}Content-Length: 0\r\n\r\n"
                writer.write(head.encode())
                await writer.drain()
        writer.close()
        self._open.discard(writer)

    def _status(self, request: Request) -> HTTPStatus:
        try:
            # The library reads the body as JSON, and a check has none.
            Webhook(self.secret).verify(request.body or b"", dict(request.headers))
        except WebhookVerificationError:
            return HTTPStatus.UNAUTHORIZED
        except json.JSONDecodeError:
            pass
        if request.method == "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED
        if self.answer is not HTTPStatus.NO_CONTENT:
            return self.answer
        if self._is_refused(request):
            return HTTPStatus.UNPROCESSABLE_ENTITY
        self.taken.setdefault(request.headers["webhook-id"], request)
        return HTTPStatus.NO_CONTENT

    def _is_refused(self, request: Request) -> bool:
        return bool(self._refused) and request.told["data"]["customer"]["key"] in self._refused


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[ReceiverStandIn]:
    del folder
    receiver = ReceiverStandIn()
    await receiver.come_up()
    try:
        yield receiver
    finally:
        await receiver.go_down()


def _digests(documents: Sequence[Mapping[str, Any]]) -> dict[RenditionKind, str]:
    return {RenditionKind(one["rendition"]): hashlib.sha256(content_of(one)).hexdigest() for one in documents}


def content_of(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document that came within the JSON."""
    return base64.b64decode(document["base64"]) if "base64" in document else str(document["text"]).encode()


async def _read(reader: StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    method, _, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, headers=headers, body=body)
