"""Lob's letters on the loopback address, as its published description has them."""

import base64
import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, cast

from tests.connectors.http_service import Answer, HttpService, Request
from xconnector.contract.channel import Recipient
from xconnector.domain.dispatch_key import GIVEN_ALONG_AS
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance import Arrival

KEY = "test_a-key-nobody-may-see"
# What the description requires of a letter.
REQUIRED = {"to[name]", "to[address_line1]", "to[address_country]", "from", "color", "use_type"}


class LobStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.letters: dict[str, tuple[Mapping[str, str], bytes]] = {}
        """By idempotency key: form and file."""
        self.standing: Mapping[str, object] = {
            "status": "rendered",
            "tracking_events": [
                {"id": "evnt_1", "type": "normal", "name": "In Transit", "time": "2026-11-24T09:00:00Z"},
                {"id": "evnt_2", "type": "normal", "name": "Re-Routed", "time": "2026-11-25T09:00:00Z"},
            ],
        }
        """Of every letter, for who asks."""
        self._refused: set[str] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"api_key": KEY, "sender": "adr_210a8d4b0b76d77b", "url": self.url, "timeout": 5}

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(
                dispatch_key=form[f"metadata[{GIVEN_ALONG_AS}]"],
                digests={RenditionKind.LETTER: hashlib.sha256(file).hexdigest()},
            )
            for form, file in self.letters.values()
        ]

    async def refuse(self, recipient: Recipient) -> None:
        self._refused.add(recipient.name)

    async def reject_credentials(self) -> None:
        self.key = "another-key"

    def answer(self, request: Request) -> Answer:
        login = base64.b64encode(f"{self.key}:".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return _refused(401, "unauthorized")
        if request.method == "GET" and request.path.startswith("/v1/letters/"):
            known = {f"/v1/letters/ltr_{number:016x}" for number in range(1, len(self.letters) + 1)}
            return Answer(status=200, content=self.standing) if request.path in known else _refused(404, "not_found")
        if request.path != "/v1/letters":
            return _refused(404, "not_found")
        if request.method == "GET":
            return Answer(status=200, content={"data": [], "object": "list", "count": 0})
        form, file = _read(request)
        if form["to[name]"] in self._refused or not form.keys() >= REQUIRED:
            return _refused(422, "invalid")
        key = request.headers["idempotency-key"]
        self.letters.setdefault(key, (form, file))
        number = [*self.letters].index(key) + 1
        return Answer(status=200, content={"id": f"ltr_{number:016x}", "object": "letter", "metadata": {}})


def _read(request: Request) -> tuple[Mapping[str, str], bytes]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form: dict[str, str] = {}
    file = b""
    for part in cast("list[Message]", message_from_bytes(head + request.body).get_payload()):
        name = str(part.get_param("name", header="content-disposition"))
        content = cast("bytes", part.get_payload(decode=True))
        if name == "file":
            file = content
        else:
            form[name] = content.decode()
    return form, file


def _refused(status: int, code: str) -> Answer:
    return Answer(status=status, content={"error": {"message": "no", "status_code": status, "code": code}})


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[LobStandIn]:
    del folder
    lob = LobStandIn()
    await lob.come_up()
    try:
        yield lob
    finally:
        await lob.go_down()
