"""Apple's push service on the loopback address: HTTP/2, as its documentation describes it."""

import hashlib
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from tests.connectors.http_service import LoopbackService
from xconnector.contract.channel import Dispatch, Recipient
from xconnector.contract.device import Device
from xconnector.domain.document import RenditionKind
from xconnector.domain.push import PushNotice, push_content
from xconnector.testing.conformance import Arrival

KEY = ec.generate_private_key(ec.SECP256R1())
_NOBODY = "00" * 32


def token_of(customer_key: str) -> str:
    return hashlib.sha256(customer_key.encode()).hexdigest()


class AppleStandIn(LoopbackService):
    can_be_asked = True

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.file = folder / "AuthKey.p8"
        self.shown: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.answers: dict[str, tuple[int, Mapping[str, Any]]] = {_NOBODY: (400, {"reason": "BadDeviceToken"})}
        self._trusts = True

    @property
    def settings(self) -> Mapping[str, Any]:
        who = {"key_id": "ABC123DEFG", "team_id": "DEF123GHIJ", "topic": "example.bank"}
        return {"key_file": str(self.file), "url": self.url, "timeout": 5, **who}

    def addressed(self, dispatch: Dispatch) -> Dispatch:
        token = token_of(dispatch.recipient.customer_key)
        return replace(dispatch, devices=(Device(device_id=UUID(token[:32]), address=token),))

    async def come_up(self) -> None:
        self.file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        await super().come_up()

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=one["dispatch_key"], digests={RenditionKind.PUSH: _digest(one)}) for one in self.shown
        ]

    async def refuse(self, recipient: Recipient) -> None:
        self.answers[token_of(recipient.customer_key)] = (413, {"reason": "PayloadTooLarge"})

    async def reject_credentials(self) -> None:
        self._trusts = False

    async def converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        line = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        line.initiate_connection()
        requests: dict[int, tuple[dict[str, str], bytearray]] = {}
        while True:
            writer.write(line.data_to_send())
            await writer.drain()
            content = await reader.read(65_536)
            if not content:
                return
            for event in line.receive_data(content):
                if isinstance(event, RequestReceived):
                    headers = {str(name): str(value) for name, value in event.headers}
                    requests[event.stream_id] = (headers, bytearray())
                elif isinstance(event, DataReceived):
                    requests[event.stream_id][1].extend(event.data)
                elif isinstance(event, StreamEnded):
                    headers, body = requests.pop(event.stream_id)
                    status, told = self._answer(headers, bytes(body))
                    if self.loses_answers:
                        return
                    line.send_headers(event.stream_id, [(":status", str(status)), ("apns-id", headers["apns-id"])])
                    line.send_data(event.stream_id, json.dumps(told).encode() if told else b"", end_stream=True)

    def _answer(self, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, Any]]:
        self.headers.append(headers)
        token = headers["authorization"].removeprefix("bearer ")
        claims = jwt.decode(token, KEY.public_key(), algorithms=["ES256"])
        if not self._trusts or claims["iss"] != "DEF123GHIJ" or headers["apns-topic"] != "example.bank":
            return 403, {"reason": "InvalidProviderToken"}
        device = headers[":path"].removeprefix("/3/device/")
        if device in self.answers:
            return self.answers[device]
        self.shown.append(json.loads(body))
        return 200, {}


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[AppleStandIn]:
    apple = AppleStandIn(folder)
    await apple.come_up()
    try:
        yield apple
    finally:
        await apple.go_down()


def _digest(shown: Mapping[str, Any]) -> str:
    alert = shown["aps"]["alert"]
    notice = PushNotice(title=alert["title"], body=alert["body"], link=shown.get("link"))
    return hashlib.sha256(push_content(notice)).hexdigest()
