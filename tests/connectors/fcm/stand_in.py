"""Firebase and Google's tokens on the loopback address, as their documentation describes them."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.connectors.http_service import Answer, HttpService, Request
from xconnector.contract.channel import Dispatch, Recipient
from xconnector.contract.device import Device
from xconnector.domain.document import RenditionKind
from xconnector.domain.push import PushNotice, push_content
from xconnector.testing.conformance import Arrival

ACCESS = "an-access-token"


@cache
def account_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token_of(customer_key: str) -> str:
    return hashlib.sha256(customer_key.encode()).hexdigest()


class FirebaseStandIn(HttpService):
    can_be_asked = True

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = folder / "firebase.json"
        self.shown: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[int, Mapping[str, Any]]] = {}
        """By token, in place of success: status and error."""
        self.trusts = True

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"service_account": str(self.file), "url": self.url, "token_url": f"{self.url}/token", "timeout": 5}

    def device(self, token: str) -> Device:
        return Device(device_id=UUID(hashlib.sha256(token.encode()).hexdigest()[:32]), address=token)

    def addressed(self, dispatch: Dispatch) -> Dispatch:
        return replace(dispatch, devices=(self.device(token_of(dispatch.recipient.customer_key)),))

    async def come_up(self) -> None:
        pem = account_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        told = {"project_id": "bank", "client_email": "push@bank.test", "private_key": pem, "private_key_id": "k1"}
        self.file.write_text(json.dumps(told))
        await super().come_up()

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=one["data"]["dispatch_key"], digests={RenditionKind.PUSH: _digest(one)})
            for one in self.shown
        ]

    async def refuse(self, recipient: Recipient) -> None:
        self.answers[token_of(recipient.customer_key)] = (400, {"status": "INVALID_ARGUMENT"})

    async def reject_credentials(self) -> None:
        self.trusts = False

    def hands_over(self, request: Request) -> bool:
        return request.path != "/token"

    def answer(self, request: Request) -> Answer:
        status, told = self._answer(request.path, request.headers, request.body)
        return Answer(status=status, content=told)

    def _answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, Any]]:
        if path == "/token":
            return self._token(body)
        if path != "/v1/projects/bank/messages:send" or headers["authorization"] != f"Bearer {ACCESS}":
            return 401, {"error": {"status": "UNAUTHENTICATED"}}
        message = json.loads(body)["message"]
        if message["token"] in self.answers:
            status, error = self.answers[message["token"]]
            return status, {"error": error}
        self.shown.append(message)
        return 200, {"name": f"projects/bank/messages/{len(self.shown)}"}

    def _token(self, body: bytes) -> tuple[int, Mapping[str, Any]]:
        claim = parse_qs(body.decode())["assertion"][0]
        jwt.decode(claim, account_key().public_key(), algorithms=["RS256"], audience=f"{self.url}/token")
        return (200, {"access_token": ACCESS, "expires_in": 3600}) if self.trusts else (401, {"error": "invalid_grant"})


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[FirebaseStandIn]:
    firebase = FirebaseStandIn(folder)
    await firebase.come_up()
    try:
        yield firebase
    finally:
        await firebase.go_down()


def _digest(message: Mapping[str, Any]) -> str:
    words = message["notification"]
    notice = PushNotice(title=words["title"], body=words["body"], link=message["data"].get("link"))
    return hashlib.sha256(push_content(notice)).hexdigest()
