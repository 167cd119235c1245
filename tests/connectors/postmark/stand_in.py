"""Postmark's e-mail API on the loopback address, as its documentation has it."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from tests.connectors.http_service import Answer, HttpService, Request
from tests.connectors.mail_services import MAIL, digests_of_parts
from xconnector.contract.channel import Recipient
from xconnector.testing.conformance import Arrival

TOKEN = "a-token-nobody-may-see"
RECIPIENT = "anna@customers.test"
BOUNCE = {
    "ID": 7,
    "Type": "HardBounce",
    "MessageID": "message-1",
    "Email": RECIPIENT,
    "BouncedAt": "2026-11-24T00:03:00Z",
    "Details": "smtp;550 5.1.1 user unknown",
    "Description": "unknown",
}
DETAILS: Mapping[str, object] = {
    "MessageID": "message-1",
    # Longer than any other answer.
    "HtmlBody": "x" * 200_000,
    "MessageEvents": [
        {"Type": "Opened", "Recipient": RECIPIENT, "ReceivedAt": "2026-11-24T00:02:00Z"},
        {
            "Type": "Delivered",
            "Recipient": RECIPIENT,
            "ReceivedAt": "2026-11-24T00:01:00Z",
            "Details": {"DeliveryMessage": "smtp;250 2.0.0 OK"},
        },
        {
            "Type": "Bounced",
            "Recipient": RECIPIENT,
            "ReceivedAt": "2026-11-24T00:03:00Z",
            "Details": {"Summary": "smtp;550 5.1.1", "BounceID": "7"},
        },
    ],
}


class PostmarkStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.taken: list[dict[str, Any]] = []
        self.refused: set[str] = set()
        self.pages: Mapping[str, object] = {
            "/server": {"ID": 1, "Name": "production"},
            "/bounces/7": BOUNCE,
            "/messages/outbound/message-1/details": DETAILS,
        }

    @property
    def settings(self) -> Mapping[str, Any]:
        return {**MAIL, "server_token": TOKEN, "url": self.url}

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(
                dispatch_key=mail["Metadata"]["xconnector_dispatch"],
                digests=digests_of_parts(
                    mail["Subject"], mail["TextBody"], mail["HtmlBody"], mail["Attachments"][0]["Content"]
                ),
            )
            for mail in self.taken
        ]

    async def refuse(self, recipient: Recipient) -> None:
        assert recipient.email is not None
        self.refused.add(recipient.email)

    async def reject_credentials(self) -> None:
        self.token = "another token"

    def answer(self, request: Request) -> Answer:
        if request.headers.get("x-postmark-server-token") != self.token:
            return Answer(status=401, content={"ErrorCode": 10, "Message": "Bad or missing API token."})
        if request.method == "GET" and request.path in self.pages:
            return Answer(status=200, content=self.pages[request.path])
        if (request.method, request.path) != ("POST", "/email"):
            return Answer(status=404)
        mail = json.loads(request.body)
        recipient = parseaddr(mail["To"])[1]
        if recipient in self.refused:
            return Answer(status=422, content={"ErrorCode": 406, "Message": f"{recipient} is inactive."})
        self.taken.append(mail)
        return Answer(
            status=200,
            content={"To": recipient, "MessageID": f"message-{len(self.taken)}", "ErrorCode": 0, "Message": "OK"},
        )


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[PostmarkStandIn]:
    del folder
    service = PostmarkStandIn()
    await service.come_up()
    try:
        yield service
    finally:
        await service.go_down()
