"""Firebase and Google's tokens on the loopback address, as their documentation describes them."""

import asyncio
import hashlib
import json
from asyncio import AbstractServer, StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

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


class FirebaseStandIn:
    can_be_asked = True

    def __init__(self, folder: Path) -> None:
        self.port = 0
        self.file = folder / "firebase.json"
        self.shown: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[int, Mapping[str, Any]]] = {}
        """By token, in place of success: status and error."""
        self.trusts = True
        self._loses_answers = False
        self._server: AbstractServer | None = None
        self._open: set[StreamWriter] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        here = f"http://127.0.0.1:{self.port}"
        return {"service_account": str(self.file), "url": here, "token_url": f"{here}/token", "timeout": 5}

    def device(self, token: str) -> Device:
        return Device(device_id=UUID(hashlib.sha256(token.encode()).hexdigest()[:32]), address=token)

    def addressed(self, dispatch: Dispatch) -> Dispatch:
        return replace(dispatch, devices=(self.device(token_of(dispatch.recipient.customer_key)),))

    async def come_up(self) -> None:
        pem = account_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        told = {"project_id": "bank", "client_email": "push@bank.test", "private_key": pem, "private_key_id": "k1"}
        self.file.write_text(json.dumps(told))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=one["data"]["dispatch_key"], digests={RenditionKind.PUSH: _digest(one)})
            for one in self.shown
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
        self.answers[token_of(recipient.customer_key)] = (400, {"status": "INVALID_ARGUMENT"})

    async def reject_credentials(self) -> None:
        self.trusts = False

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._open.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                path, headers, body = await _read(reader)
                status, told = self._answer(path, headers, body)
                if self._loses_answers and path != "/token":
                    break
                content = json.dumps(told).encode()
                writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
                await writer.drain()
        writer.close()
        self._open.discard(writer)

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
        audience = f"http://127.0.0.1:{self.port}/token"
        jwt.decode(claim, account_key().public_key(), algorithms=["RS256"], audience=audience)
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


async def _read(reader: StreamReader) -> tuple[str, Mapping[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    _, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return path, headers, await reader.readexactly(int(headers.get("content-length", "0")))
