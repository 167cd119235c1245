"""Push services and browsers on the loopback address: each browser decrypts what it gets."""

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import http_ece  # pyright: ignore[reportMissingTypeStubs] - it has none
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.connectors.http_service import Answer, HttpService, Request
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


class WebPushStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.browsers: dict[str, Browser] = {}
        self.headers: Mapping[str, str] = {}
        """Of every answer."""
        self._refused: set[str] = set()
        self._trusted = encoded(public_of(VAPID))

    can_be_asked = False

    @property
    def settings(self) -> Mapping[str, Any]:
        key = encoded(VAPID.private_numbers().private_value.to_bytes(32, "big"))
        return {"vapid_key": key, "contact": "mailto:push@acme.test", "allowed": {"loopback": True}, "timeout": 5}

    def browser(self, name: str, customer_key: str) -> Browser:
        return self.browsers.setdefault(name, Browser(name=name, customer_key=customer_key))

    def subscription(self, browser: Browser) -> dict[str, Any]:
        keys = {"p256dh": encoded(public_of(browser.key)), "auth": encoded(browser.auth)}
        return {"endpoint": f"{self.url}/push/{browser.name}", "keys": keys}

    def device(self, browser: Browser) -> Device:
        device_id = UUID(hashlib.sha256(browser.name.encode()).hexdigest()[:32])
        return Device(device_id=device_id, address=json.dumps(self.subscription(browser)))

    def addressed(self, dispatch: Dispatch) -> Dispatch:
        customer_key = dispatch.recipient.customer_key
        return replace(dispatch, devices=(self.device(self.browser(f"browser-of-{customer_key}", customer_key)),))

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=one["dispatch_key"], digests={RenditionKind.PUSH: _digest(one)})
            for browser in self.browsers.values()
            for one in browser.shown
        ]

    async def refuse(self, recipient: Recipient) -> None:
        self._refused.add(recipient.customer_key)

    async def reject_credentials(self) -> None:
        self._trusted = "another"

    def answer(self, request: Request) -> Answer:
        return Answer(status=self._status(request.path, request.headers, request.body), headers=self.headers)

    def _status(self, path: str, headers: Mapping[str, str], body: bytes) -> HTTPStatus:
        browser = self.browsers.get(path.removeprefix("/push/"))
        if browser is None:
            return HTTPStatus.NOT_FOUND
        if not self._proves(headers["authorization"]) or "ttl" not in headers:
            return HTTPStatus.UNAUTHORIZED
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
        claims = jwt.decode(token, VAPID.public_key(), algorithms=["ES256"], audience=self.url)
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
