"""Amazon SES on the loopback address, as its API reference has it; every call is looked at for its signature."""

import base64
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.connectors.http_service import Answer, HttpService, Request
from tests.connectors.mail_services import MAIL
from tests.connectors.smtp.stand_in import digests
from xconnector.connectors.ses.signing import SigningKey, signed_headers
from xconnector.contract.channel import Recipient
from xconnector.testing.conformance import Arrival

KEY_ID, SECRET = "AKIAEXAMPLE000000000", "a-secret-key-nobody-may-see"
_SIGNED = re.compile(r"SignedHeaders=([a-z0-9;-]+), ")


class SesStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.secret = SECRET
        self.taken: list[dict[str, Any]] = []
        self.refused: set[str] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            **MAIL,
            "region": "eu-central-1",
            "access_key_id": KEY_ID,
            "secret_access_key": SECRET,
            "configuration_set": "main",
            "url": self.url,
        }

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(
                dispatch_key={tag["Name"]: tag["Value"] for tag in mail["EmailTags"]}["xconnector_dispatch"],
                digests=digests(base64.b64decode(mail["Content"]["Raw"]["Data"])),
            )
            for mail in self.taken
        ]

    async def refuse(self, recipient: Recipient) -> None:
        assert recipient.email is not None
        self.refused.add(recipient.email)

    async def reject_credentials(self) -> None:
        self.secret = "another secret"

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != self._authorization(request):
            return _refused(403, "InvalidSignatureException")
        if (request.method, request.path) == ("GET", "/v2/email/account"):
            return Answer(status=200, content={"SendingEnabled": True})
        if (request.method, request.path) != ("POST", "/v2/email/outbound-emails"):
            return _refused(404, "UnknownOperationException")
        mail = json.loads(request.body)
        if set(mail["Destination"]["ToAddresses"]) & self.refused:
            return _refused(400, "MessageRejected")
        self.taken.append(mail)
        return Answer(status=200, content={"MessageId": f"0100-{len(self.taken)}"})

    def _authorization(self, request: Request) -> str:
        found = _SIGNED.search(request.headers.get("authorization", ""))
        names = found[1].split(";") if found else []
        told = {name: request.headers.get(name, "") for name in names if name not in {"host", "x-amz-date"}}
        key = SigningKey(access_key_id=KEY_ID, secret_access_key=self.secret, region="eu-central-1", service="ses")
        moment = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        url = f"http://{request.headers['host']}{request.path}"
        return signed_headers(key, request.method, url, request.body, now=moment, headers=told)["authorization"]


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[SesStandIn]:
    del folder
    service = SesStandIn()
    await service.come_up()
    try:
        yield service
    finally:
        await service.go_down()


def _refused(status: int, name: str) -> Answer:
    return Answer(
        status=status, content={"message": "no"}, headers={"x-amzn-ErrorType": f"{name}:http://internal.amazon.com/"}
    )
