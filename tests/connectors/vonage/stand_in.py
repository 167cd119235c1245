"""Vonage's Messages API on the loopback address, as its published description has it."""

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.connectors.http_service import Answer, HttpService, Request
from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance import Arrival

KEY, SECRET = "abcd1234", "a-secret-nobody-may-see"


class VonageStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.secret = SECRET
        self.taken: list[Mapping[str, Any]] = []
        self.refusals: dict[str, tuple[int, int]] = {}
        """By number: status and code with which messages to it are refused."""

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "api_key": KEY,
            "api_secret": SECRET,
            "sender": "Small",
            "status_callback": "https://reports.small.test/reports/sms",
            "url": self.url,
            "account_url": self.url,
            "timeout": 5,
        }

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(
                dispatch_key=message["client_ref"],
                digests={RenditionKind.SMS: hashlib.sha256(message["text"].encode()).hexdigest()},
            )
            for message in self.taken
        ]

    async def refuse(self, recipient: Recipient) -> None:
        self.refusals[(recipient.mobile or "").removeprefix("+")] = (422, 1170)

    async def reject_credentials(self) -> None:
        self.secret = "another-secret"

    def answer(self, request: Request) -> Answer:
        login = base64.b64encode(f"{KEY}:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return _refused(401, "https://developer.vonage.com/api-errors#unauthorized")
        if (request.method, request.path) == ("GET", "/account/get-balance"):
            return Answer(status=200, content={"value": 10.28, "autoReload": False})
        if (request.method, request.path) != ("POST", "/v1/messages"):
            return _refused(404, "https://developer.vonage.com/api-errors#not-found")
        message = json.loads(request.body)
        if message["to"] in self.refusals:
            status, code = self.refusals[message["to"]]
            return _refused(status, f"https://developer.vonage.com/api-errors/messages#{code}")
        self.taken.append(message)
        return Answer(status=202, content={"message_uuid": f"aaaaaaaa-bbbb-4ccc-8ddd-{len(self.taken):012x}"})


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[VonageStandIn]:
    del folder
    vonage = VonageStandIn()
    await vonage.come_up()
    try:
        yield vonage
    finally:
        await vonage.go_down()


def _refused(status: int, kind: str) -> Answer:
    return Answer(status=status, content={"type": kind, "title": "Refused", "detail": "The number 49… is not one."})
