"""A sender by Standard Webhooks, for the conformance suite."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from tests.connectors.webhook.requests import SECRET, request, standard_headers
from xconnector.contract.webhook_source import WebhookRequest


class StandardSender:
    settings: Mapping[str, object] = {
        "proof": {"standard_webhooks": {"secrets": [SECRET]}},
        "key": ["number"],
        "records": "events",
    }

    def request(self, records: Sequence[Mapping[str, str]], *, at: datetime) -> WebhookRequest:
        return self._signed(json.dumps({"events": list(records)}).encode(), at)

    def unreadable(self, *, at: datetime) -> WebhookRequest:
        return self._signed(b'{"events": [', at)

    def _signed(self, body: bytes, at: datetime) -> WebhookRequest:
        return request(body, standard_headers(body, at=at))


WEBHOOK_SENDER = StandardSender()
