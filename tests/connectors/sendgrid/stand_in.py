"""SendGrid's mail send on the loopback address, as its published description has it."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.connectors.http_service import Answer, HttpService, Request
from tests.connectors.mail_services import MAIL, digests_of_parts
from xconnector.contract.channel import Recipient
from xconnector.testing.conformance import Arrival

KEY = "SG.a-key-nobody-may-see"


class SendGridStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.taken: list[dict[str, Any]] = []
        self.refused: set[str] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {**MAIL, "api_key": KEY, "url": self.url}

    async def arrived(self) -> Sequence[Arrival]:
        return [_arrival(mail) for mail in self.taken]

    async def refuse(self, recipient: Recipient) -> None:
        assert recipient.email is not None
        self.refused.add(recipient.email)

    async def reject_credentials(self) -> None:
        self.key = "another key"

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return _refused(401, "The provided authorization grant is invalid", None)
        if (request.method, request.path) == ("GET", "/v3/scopes"):
            return Answer(status=200, content={"scopes": ["mail.send"]})
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return _refused(404, "not found", None)
        mail = json.loads(request.body)
        if mail["personalizations"][0]["to"][0]["email"] in self.refused:
            return _refused(400, "Does not contain a valid address.", "personalizations.0.to.0.email")
        self.taken.append(mail)
        return Answer(status=202, headers={"X-Message-Id": f"message-{len(self.taken)}"})


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[SendGridStandIn]:
    del folder
    service = SendGridStandIn()
    await service.come_up()
    try:
        yield service
    finally:
        await service.go_down()


def _arrival(mail: dict[str, Any]) -> Arrival:
    plain, html = (part["value"] for part in mail["content"])
    return Arrival(
        dispatch_key=mail["personalizations"][0]["custom_args"]["xconnector_dispatch"],
        digests=digests_of_parts(mail["subject"], plain, html, mail["attachments"][0]["content"]),
    )


def _refused(status: int, message: str, field: str | None) -> Answer:
    return Answer(status=status, content={"errors": [{"message": message, "field": field, "help": None}]})
