"""Signed requests: Standard Webhooks, and HMACs of other kinds."""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import SecretStr

from xconnector.connectors.webhook.proof_settings import PUBLIC_KEY, HmacSettings, StandardWebhooksSettings
from xconnector.contract.webhook_source import WebhookRequest
from xconnector.domain.signed import is_fresh, is_hmac, is_standard_webhook

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_MOST_SIGNATURES = 10
_BY_PUBLIC_KEY = "v1a,"


def wrong_with_standard_signature(
    request: WebhookRequest, settings: StandardWebhooksSettings, now: datetime
) -> str | None:
    """Return what is wrong with a request by Standard Webhooks 1.0; None for one whose sender has a secret of ours."""
    told = [request.headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE)]
    if not all(told):
        return f"{ID}, {TIMESTAMP} or {SIGNATURE} is missing"
    if not is_fresh(told[1], now=now, tolerance=settings.tolerance):
        return f"{TIMESTAMP} is no time within {settings.tolerance.total_seconds():.0f} s of now"
    if any(_fits(secret, request, settings, now) for secret in settings.secrets):
        return None
    return f"no signature in {SIGNATURE} fits a secret"


def _fits(secret: SecretStr, request: WebhookRequest, settings: StandardWebhooksSettings, now: datetime) -> bool:
    told = secret.get_secret_value()
    if told.startswith(PUBLIC_KEY):
        return _is_signed_by(told, request)
    return is_standard_webhook(
        message_id=request.headers[ID],
        timestamp=request.headers[TIMESTAMP],
        signatures=request.headers[SIGNATURE],
        secret=told,
        body=request.body,
        now=now,
        tolerance=settings.tolerance,
    )


def _is_signed_by(public_key: str, request: WebhookRequest) -> bool:
    """Say whether the holder of the key's private half signed the request, whenever that was."""
    message_id = request.headers[ID]
    if "." in message_id:
        # It could be shifted into the time.
        return False
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix(PUBLIC_KEY)))
    content = f"{message_id}.{request.headers[TIMESTAMP]}.".encode() + request.body
    return any(_verifies(key, signature, content) for signature in _signatures(request.headers[SIGNATURE]))


def _signatures(told: str) -> Iterator[bytes]:
    for one in told.split()[:_MOST_SIGNATURES]:
        if one.startswith(_BY_PUBLIC_KEY):
            try:
                yield base64.b64decode(one.removeprefix(_BY_PUBLIC_KEY), validate=True)
            except (binascii.Error, ValueError):
                continue


def _verifies(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def wrong_with_hmac(request: WebhookRequest, settings: HmacSettings, now: datetime) -> str | None:
    """Return what is wrong with the HMAC of a request; None for one whose sender has a secret of ours."""
    told = request.headers.get(settings.header.lower(), "")
    if not told.startswith(settings.prefix) or told == settings.prefix:
        return f"{settings.header} is missing, or does not begin as it should"
    timestamp = _header(request, settings.timestamp_header)
    if settings.timestamp_header and not is_fresh(timestamp, now=now, tolerance=settings.tolerance):
        return f"{settings.timestamp_header} is no time within {settings.tolerance.total_seconds():.0f} s of now"
    if settings.id_header and not _header(request, settings.id_header):
        return f"{settings.id_header} is missing"
    separating = set("".join(settings.separators))
    if separating & {*timestamp, *_header(request, settings.id_header)}:
        return "what is signed could be cut otherwise: a sign that stands between its parts stands in one of them"
    signature, content = told.removeprefix(settings.prefix), _signed_content(request, settings)
    fitting = [
        is_hmac(
            signature,
            secret.get_secret_value().encode(),
            content,
            algorithm=settings.algorithm,
            encoding=settings.encoding,
        )
        for secret in settings.secrets
    ]
    return None if any(fitting) else f"the signature in {settings.header} fits no secret"


def _header(request: WebhookRequest, name: str | None) -> str:
    return request.headers.get(name.lower(), "") if name else ""


def _signed_content(request: WebhookRequest, settings: HmacSettings) -> bytes:
    before, _, after = settings.signed.partition("{body}")
    told = {"timestamp": _header(request, settings.timestamp_header), "id": _header(request, settings.id_header)}
    return before.format(**told).encode() + request.body + after.format(**told).encode()
