"""Mailgun's messages on the loopback address, as its documentation has them."""

import base64
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any, cast

from tests.connectors.http_service import Answer, HttpService, Request
from tests.connectors.mail_services import MAIL
from tests.connectors.smtp.stand_in import digests
from xconnector.contract.channel import Recipient
from xconnector.testing.conformance import Arrival

KEY = "key-nobody-may-see"
DOMAIN = "mail.aurora.test"


class MailgunStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.taken: list[Mapping[str, bytes]] = []
        self.refused: set[str] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {**MAIL, "api_key": KEY, "domain": DOMAIN, "url": self.url}

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=fields["v:xconnector_dispatch"].decode(), digests=digests(fields["message"]))
            for fields in self.taken
        ]

    async def refuse(self, recipient: Recipient) -> None:
        assert recipient.email is not None
        self.refused.add(recipient.email)

    async def reject_credentials(self) -> None:
        self.key = "another key"

    def events_of(self, message_id: str) -> Sequence[Mapping[str, object]]:
        """What became of a mail: it was deferred, and then it came back."""
        if message_id != f"message-1@{DOMAIN}":
            return []
        common = {
            "recipient": "anna@customers.test",
            "message": {"headers": {"message-id": message_id}},
            "user-variables": {"xconnector_dispatch": "d"},
        }
        status = {"code": 550, "enhanced-code": "5.1.1", "message": "5.1.1 User unknown"}
        return [
            {**common, "event": "accepted", "id": "e-1", "timestamp": 1763942400.5},
            {
                **common,
                "event": "failed",
                "severity": "permanent",
                "reason": "bounce",
                "id": "e-2",
                "timestamp": 1763942460.5,
                "delivery-status": status,
            },
        ]

    def answer(self, request: Request) -> Answer:
        login = base64.b64encode(f"api:{self.key}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return Answer(status=401, content="Forbidden")
        if (request.method, request.path) == ("GET", f"/v3/domains/{DOMAIN}"):
            return Answer(status=200, content={"domain": {"name": DOMAIN, "state": "active"}})
        if (request.method, request.path) == ("GET", f"/v3/{DOMAIN}/events"):
            return Answer(status=200, content={"items": self.events_of(request.query["message-id"]), "paging": {}})
        if (request.method, request.path) != ("POST", f"/v3/{DOMAIN}/messages.mime"):
            return Answer(status=404)
        fields = fields_of(request)
        if fields["to"].decode() in self.refused:
            return Answer(status=400, content={"message": "to parameter is not a valid address"})
        self.taken.append(fields)
        content = {"id": f"<message-{len(self.taken)}@{DOMAIN}>", "message": "Queued. Thank you."}
        return Answer(status=200, content=content)


def fields_of(request: Request) -> Mapping[str, bytes]:
    """Return the fields of a form in parts, byte for byte."""
    boundary = message_from_bytes(f"Content-Type: {request.headers['content-type']}\n\n".encode()).get_boundary()
    found: dict[str, bytes] = {}
    for part in request.body.split(f"--{boundary}".encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = message_from_bytes(head).get_param("name", header="content-disposition")
        found[cast("str", name)] = content.removesuffix(b"\r\n")
    return found


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[MailgunStandIn]:
    del folder
    service = MailgunStandIn()
    await service.come_up()
    try:
        yield service
    finally:
        await service.go_down()
