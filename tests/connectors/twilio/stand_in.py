"""Twilio's message resource on the loopback address, as its published description has it."""

import base64
import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.connectors.http_service import Answer, HttpService, Request
from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.domain.sms import sms_length
from xconnector.testing.conformance import Arrival

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-nobody-may-see"


class TwilioStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self.price: str | None = None
        self.taken: list[Mapping[str, str]] = []
        self.asked: list[str] = []
        """Ids of messages whose outcome was asked for."""
        self.outcome: tuple[str, int | None] = ("delivered", None)
        """Status and error code of every message, for who asks."""
        self.is_down = False
        self.refusals: dict[str, tuple[int, int]] = {}
        """By number: status and code with which messages to it are refused."""

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "account_sid": ACCOUNT,
            "auth_token": TOKEN,
            "sender": "+15005550006",
            "status_callback": "https://reports.small.test/reports/sms",
            "url": self.url,
            "timeout": 5,
        }

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(
                dispatch_key=dict(parse_qsl(urlsplit(message["StatusCallback"]).query))["xconnector_dispatch"],
                digests={RenditionKind.SMS: hashlib.sha256(message["Body"].encode()).hexdigest()},
            )
            for message in self.taken
        ]

    async def refuse(self, recipient: Recipient) -> None:
        assert recipient.mobile is not None
        self.refusals[recipient.mobile] = (400, 21211)

    async def reject_credentials(self) -> None:
        self.token = "another-token"

    def answer(self, request: Request) -> Answer:
        login = base64.b64encode(f"{ACCOUNT}:{self.token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return _refused(401, 20003)
        if request.path.startswith(f"/2010-04-01/Accounts/{ACCOUNT}/Messages/"):
            return self._looked_up(request.path.rpartition("/")[2].removesuffix(".json"))
        if request.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return _refused(404, 20404)
        if request.method == "GET":
            return Answer(status=200, content={"messages": [], "page": 0, "page_size": int(request.query["PageSize"])})
        message = request.form
        if message["To"] in self.refusals:
            return _refused(*self.refusals[message["To"]])
        self.taken.append(message)
        return Answer(status=201, content=self._resource(message))

    def _looked_up(self, sid: str) -> Answer:
        self.asked.append(sid)
        if self.is_down:
            return _refused(503, 20503)
        known = {f"SM{number:032x}": message for number, message in enumerate(self.taken, start=1)}
        if sid not in known:
            return _refused(404, 20404)
        status, code = self.outcome
        return Answer(
            status=200, content={**self._resource(known[sid]), "sid": sid, "status": status, "error_code": code}
        )

    def _resource(self, message: Mapping[str, str]) -> Mapping[str, object]:
        return {
            "account_sid": ACCOUNT,
            "body": message["Body"],
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": message.get("From"),
            "num_segments": str(sms_length(message["Body"]).segments),
            "price": self.price,
            "price_unit": "USD",
            "sid": f"SM{len(self.taken):032x}",
            "status": "queued",
            "to": message["To"],
        }


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[TwilioStandIn]:
    del folder
    twilio = TwilioStandIn()
    await twilio.come_up()
    try:
        yield twilio
    finally:
        await twilio.go_down()


def _refused(status: int, code: int) -> Answer:
    told = {"code": code, "message": "The 'To' number is not a valid phone number.", "more_info": "", "status": status}
    return Answer(status=status, content=told)
