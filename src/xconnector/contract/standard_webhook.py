"""Signing what we send by Standard Webhooks 1.0: over the very bytes, with every secret that is in use."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, SecretStr

_SHARED, _PRIVATE = "whsec_", "whsk_"
_SHORTEST, _LONGEST = 24, 64
_SEED = 32
"""Bytes of a private key of ed25519; some write the public half behind it."""


def _checked_secret(secret: SecretStr) -> SecretStr:
    told = secret.get_secret_value()
    if told.startswith(_PRIVATE):
        if len(_decoded(told.removeprefix(_PRIVATE))) not in {_SEED, 2 * _SEED}:
            raise ValueError(f"a private key is {_PRIVATE} and 32 bytes of ed25519 in base64")
    elif not _SHORTEST <= len(_decoded(told.removeprefix(_SHARED))) <= _LONGEST:
        raise ValueError(f"a secret is {_SHARED} and {_SHORTEST} to {_LONGEST} bytes in base64")
    return secret


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a secret is written in base64") from None


WebhookSecret = Annotated[SecretStr, AfterValidator(_checked_secret)]
"""`whsec_` and base64 for a secret that both sides know, `whsk_` and base64 for a private key of ed25519."""


def signed_headers(message_id: str, body: bytes, secrets: Sequence[SecretStr], *, at: datetime) -> Mapping[str, str]:
    """Return the three headers of a message: its id, the time of this attempt, and a signature by each secret.

    Raises ValueError for an id with a full stop: it could be shifted into the time.
    """
    if not message_id or "." in message_id:
        raise ValueError("the id of a message is not empty and holds no full stop")
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret.get_secret_value(), content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    if secret.startswith(_PRIVATE):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - settings do without

        key = Ed25519PrivateKey.from_private_bytes(_decoded(secret.removeprefix(_PRIVATE))[:_SEED])
        return f"v1a,{base64.b64encode(key.sign(content)).decode()}"
    digest = hmac.digest(_decoded(secret.removeprefix(_SHARED)), content, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
