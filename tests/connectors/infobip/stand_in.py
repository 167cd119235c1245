"""Infobip's messages and logs on the loopback address, as its published description has them."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.connectors.http_service import Answer, HttpService, Request
from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.domain.sms import sms_length
from xconnector.testing.conformance import Arrival

KEY = "a-key-nobody-may-see"


class InfobipStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.taken: list[Mapping[str, Any]] = []
        self.refusals: dict[str, str] = {}
        """By number: the name of the status with which messages to it are refused."""

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": self.url,
            "api_key": KEY,
            "sender": "Small",
            "status_callback": "https://reports.small.test/reports/sms",
            "timeout": 5,
        }

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(
                dispatch_key=message["destinations"][0]["messageId"],
                digests={RenditionKind.SMS: hashlib.sha256(message["content"]["text"].encode()).hexdigest()},
            )
            for message in self.taken
        ]

    async def refuse(self, recipient: Recipient) -> None:
        self.refusals[(recipient.mobile or "").removeprefix("+")] = "REJECTED_DESTINATION_NOT_REGISTERED"

    async def reject_credentials(self) -> None:
        self.key = "another-key"

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"App {self.key}":
            return Answer(status=401, content={"requestError": {"serviceException": {"messageId": "UNAUTHORIZED"}}})
        if (request.method, request.path) == ("GET", "/sms/3/logs"):
            found = [one for one in self.taken if one["destinations"][0]["messageId"] == request.query["messageId"]]
            return Answer(status=200, content={"results": [_told(one, "PENDING", "PENDING_ENROUTE") for one in found]})
        if (request.method, request.path) != ("POST", "/sms/3/messages"):
            return Answer(status=404)
        (message,) = json.loads(request.body)["messages"]
        if (name := self.refusals.get(message["destinations"][0]["to"])) is not None:
            return Answer(status=200, content={"messages": [_told(message, "REJECTED", name)]})
        self.taken.append(message)
        return Answer(status=200, content={"messages": [_told(message, "PENDING", "PENDING_ACCEPTED")]})


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[InfobipStandIn]:
    del folder
    infobip = InfobipStandIn()
    await infobip.come_up()
    try:
        yield infobip
    finally:
        await infobip.go_down()


def _told(message: Mapping[str, Any], group: str, name: str) -> Mapping[str, object]:
    return {
        "messageId": message["destinations"][0]["messageId"],
        "destination": message["destinations"][0]["to"],
        "status": {"groupName": group, "name": name},
        "details": {"messageCount": sms_length(message["content"]["text"]).segments},
    }
