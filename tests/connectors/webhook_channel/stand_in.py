"""A receiver of webhooks on the loopback address that proves every request by the Standard Webhooks library."""

import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from standardwebhooks import Webhook, WebhookVerificationError

from tests.connectors.http_service import Answer, HttpService, Request
from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance import Arrival

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
_OTHER = "whsec_" + base64.b64encode(b"another of thirty-two bytes.....").decode()


class ReceiverStandIn(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.secret = SECRET
        self.taken: dict[str, Request] = {}
        self.answers_with = HTTPStatus.NO_CONTENT
        self.headers: Mapping[str, str] = {}
        """Of every answer to a hand-over."""
        self._refused: set[str] = set()

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": f"{self.url}/hooks",
            "medium": "portal",
            "takes": ["letter", "sms"],
            "documents": "body",
            "secrets": [SECRET],
            "knows_again": True,
            "allowed": {"loopback": True},
            "timeout": 5,
        }

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=key, digests=_digests(told(request)["data"]["documents"]))
            for key, request in self.taken.items()
        ]

    async def refuse(self, recipient: Recipient) -> None:
        self._refused.add(recipient.customer_key)

    async def reject_credentials(self) -> None:
        self.secret = _OTHER

    def answer(self, request: Request) -> Answer:
        return Answer(status=self._status(request), headers=self.headers)

    def _status(self, request: Request) -> HTTPStatus:
        try:
            # The library reads the body as JSON, and a check has none.
            Webhook(self.secret).verify(request.body or b"", dict(request.headers))
        except WebhookVerificationError:
            return HTTPStatus.UNAUTHORIZED
        except json.JSONDecodeError:
            pass
        if request.method == "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED
        if self.answers_with is not HTTPStatus.NO_CONTENT:
            return self.answers_with
        if self._is_refused(request):
            return HTTPStatus.UNPROCESSABLE_ENTITY
        self.taken.setdefault(request.headers["webhook-id"], request)
        return HTTPStatus.NO_CONTENT

    def _is_refused(self, request: Request) -> bool:
        return bool(self._refused) and told(request)["data"]["customer"]["key"] in self._refused


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[ReceiverStandIn]:
    del folder
    receiver = ReceiverStandIn()
    await receiver.come_up()
    try:
        yield receiver
    finally:
        await receiver.go_down()


def _digests(documents: Sequence[Mapping[str, Any]]) -> dict[RenditionKind, str]:
    return {RenditionKind(one["rendition"]): hashlib.sha256(content_of(one)).hexdigest() for one in documents}


def told(request: Request) -> dict[str, Any]:
    """The JSON of a request."""
    return cast("dict[str, Any]", json.loads(request.body))


def content_of(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document that came within the JSON."""
    return base64.b64decode(document["base64"]) if "base64" in document else str(document["text"]).encode()
