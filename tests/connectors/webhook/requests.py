"""Requests as their senders sign them."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from xconnector.connectors.webhook.settings import WebhookSettings
from xconnector.connectors.webhook.source import SignedWebhooks
from xconnector.contract.webhook_source import WebhookRequest

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
TOKEN = "a-token-that-nobody-guesses"
BY_TOKEN: Mapping[str, Any] = {"proof": {"token": {"header": "X-Token", "secrets": [TOKEN]}}}


def webhooks(**settings: Any) -> SignedWebhooks:  # noqa: ANN401 - as they stand in a project's file
    return SignedWebhooks(WebhookSettings.model_validate({"key": ["id"], **settings}))


def standard_headers(body: bytes, *, message_id: str = "msg_1", key: bytes = KEY, at: datetime = NOW) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def request(
    body: bytes = b"{}",
    headers: Mapping[str, str] | None = None,
    content_type: str | None = "application/json",
    **more: Any,  # noqa: ANN401 - fields of the request
) -> WebhookRequest:
    told = {**(headers or {})}
    if content_type is not None:
        told["content-type"] = content_type
    return WebhookRequest(headers=told, body=body, **more)
