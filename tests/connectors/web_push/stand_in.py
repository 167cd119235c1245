"""Push services and browsers on the loopback address: each browser decrypts what it gets."""

import asyncio
import base64
import hashlib
import json
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import http_ece  # pyright: ignore[reportMissingTypeStubs] - it has none
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xconnector.contract.channel import Dispatch, Recipient
from xconnector.contract.device import Device
from xconnector.domain.document import RenditionKind
from xconnector.domain.push import PushNotice, push_content
from xconnector.testing.conformance import Arrival

VAPID = ec.generate_private_key(ec.SECP256R1())
_decrypt = cast("Callable[..., bytes]", http_ece.decrypt)  # pyright: ignore[reportUnknownMemberType] - it has no types


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def public_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(slots=True, kw_only=True)
class Browser:
    """One subscription, and what it was shown."""

    name: str
    customer_key: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes ok"
    answer: HTTPStatus = HTTPStatus.CREATED
    shown: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class WebPushStandIn:
    def __init__(self) -> None:
        self.port = 0
        self.browsers: dict[str, Browser] = {}
        self.requests: list[Mapping[str, str]] = []
        self.headers: Mapping[str, str] = {}
        """Of every answer."""
        self._loses_answers = False
        self._refused: set[str] = set()
        self._trusted = encoded(public_of(VAPID))
        self._server: AbstractServer | None = None
        self._open: set[StreamWriter] = set()

    can_be_asked = False

    @property
    def settings(self) -> Mapping[str, Any]:
        key = encoded(VAPID.private_numbers().private_value.to_bytes(32, "big"))
        return {"vapid_key": key, "contact": "mailto:push@acme.test", "allowed": {"loopback": True}, "timeout": 5}

    def browser(self, name: str, customer_key: str) -> Browser:
        return self.browsers.setdefault(name, Browser(name=name, customer_key=customer_key))

    def subscription(self, browser: Browser) -> dict[str, Any]:
        keys = {"p256dh": encoded(public_of(browser.key)), "auth": encoded(browser.auth)}
        return {"endpoint": f"http://127.0.0.1:{self.port}/push/{browser.name}", "keys": keys}

    def device(self, browser: Browser) -> Device:
        device_id = UUID(hashlib.sha256(browser.name.encode()).hexdigest()[:32])
        return Device(device_id=device_id, address=json.dumps(self.subscription(browser)))

    def addressed(self, dispatch: Dispatch) -> Dispatch:
        customer_key = dispatch.recipient.customer_key
        return replace(dispatch, devices=(self.device(self.browser(f"browser-of-{customer_key}", customer_key)),))

    async def come_up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=one["dispatch_key"], digests={RenditionKind.PUSH: _digest(one)})
            for browser in self.browsers.values()
            for one in browser.shown
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
        self._trusted = "another"

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                path, headers, body = await _read(reader)
                self.requests.append(headers)
                status = self._status(path, headers, body)
                if self._loses_answers:
                    break
                told = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                writer.write(f"HTTP/1.1 {status.value} x\r\n{told}Content-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()
        self._open.discard(writer)

    def _status(self, path: str, headers: Mapping[str, str], body: bytes) -> HTTPStatus:
        browser = self.browsers.get(path.removeprefix("/push/"))
        if browser is None:
            return HTTPStatus.NOT_FOUND
        if not self._proves(headers["authorization"]) or "ttl" not in headers:
            return HTTPStatus.FORBIDDEN
        if browser.customer_key in self._refused:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if browser.answer is HTTPStatus.CREATED:
            told = _decrypt(body, private_key=browser.key, auth_secret=browser.auth, version="aes128gcm")
            browser.shown.append(json.loads(told))
        return browser.answer

    def _proves(self, authorization: str) -> bool:
        token, _, key = authorization.removeprefix("vapid t=").partition(", k=")
        if key != self._trusted:
            return False
        claims = jwt.decode(token, VAPID.public_key(), algorithms=["ES256"], audience=f"http://127.0.0.1:{self.port}")
        return bool(claims["sub"].startswith("mailto:"))


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[WebPushStandIn]:
    del folder
    services = WebPushStandIn()
    await services.come_up()
    try:
        yield services
    finally:
        await services.go_down()


def _digest(shown: Mapping[str, Any]) -> str:
    message = PushNotice(title=shown["title"], body=shown["body"], link=shown["link"])
    return hashlib.sha256(push_content(message)).hexdigest()


async def _read(reader: StreamReader) -> tuple[str, Mapping[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    _, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return path, headers, await reader.readexactly(int(headers.get("content-length", "0")))
