"""Vonage's signature: a JSON web token (HS256) with a digest of the raw body."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import cast

import msgspec

from xconnector.contract.feedback import FeedbackRequest
from xconnector.domain.signed import TOLERANCE, is_fresh
from xconnector.domain.strict_json import Json

_LONGEST_TOKEN = 8 * 1024


def is_genuine(
    request: FeedbackRequest, signature_secret: str, *, now: datetime, tolerance: timedelta = TOLERANCE
) -> bool:
    """Say whether Vonage signed this request lately, with the signature secret of the account."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or len(token) > _LONGEST_TOKEN:
        return False
    signed, _, signature = token.strip().rpartition(".")
    head, _, claims = signed.partition(".")
    expected = hmac.new(signature_secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest()
    if not hmac.compare_digest(_octets(signature), expected) or _object(head).get("alg") != "HS256":
        return False
    told = _object(claims)
    digest = str(told.get("payload_hash", "")).lower()
    is_of_this = hmac.compare_digest(
        hashlib.sha256(request.body).hexdigest().encode(), digest.encode("utf-8", "replace")
    )
    return is_of_this and is_fresh(str(told.get("iat", "")), now=now, tolerance=tolerance)


def _octets(told: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))
    except (binascii.Error, ValueError):
        return b""


def _object(told: str) -> dict[str, Json]:
    try:
        found = cast("Json", msgspec.json.decode(_octets(told)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
