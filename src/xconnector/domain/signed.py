"""Signatures of what is sent to us: over the raw bytes, compared in constant time, and good for a few minutes only."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

TOLERANCE = timedelta(minutes=5)
"""How far a signed time may lie from ours, either way: beyond it the request may be an old one played again."""
_LONGEST_TIME = 16
_LONGEST_SIGNATURES = 4 * 1024


def is_fresh(told: str, *, now: datetime, tolerance: timedelta = TOLERANCE) -> bool:
    """Say whether a signed time, in seconds or milliseconds since 1970, is about now."""
    if not (told.isascii() and told.isdigit()) or len(told) > _LONGEST_TIME:
        return False
    number = int(told)
    seconds = number / 1000 if len(told) > len("9999999999") else number
    return abs(now.astimezone(UTC).timestamp() - seconds) <= tolerance.total_seconds()


def is_hmac(
    told: str,
    secret: bytes,
    content: bytes,
    *,
    algorithm: Literal["sha1", "sha256", "sha512"],
    encoding: Literal["hex", "base64"],
) -> bool:
    """Say whether a signature is the HMAC of the content; of base64 either alphabet, with or without padding."""
    digest = hmac.new(secret, content, algorithm)
    if encoding == "hex":
        return is_equal(told.strip().lower(), digest.hexdigest())
    plain = told.strip().rstrip("=").replace("-", "+").replace("_", "/")
    return is_equal(plain, base64.b64encode(digest.digest()).decode().rstrip("="))


def is_hmac_hex(told: str, secret: bytes, content: bytes) -> bool:
    """Say whether a signature is the HMAC-SHA256 of the content, in hexadecimal digits."""
    return is_equal(told.strip().lower(), hmac.new(secret, content, hashlib.sha256).hexdigest())


def is_hmac_sha1(told: str, secret: bytes, content: bytes) -> bool:
    """Say whether a signature is the HMAC-SHA1 of the content, in base64."""
    return is_equal(told.strip(), base64.b64encode(hmac.new(secret, content, hashlib.sha1).digest()).decode())


def is_standard_webhook(
    *,
    message_id: str,
    timestamp: str,
    signatures: str,
    secret: str,
    body: bytes,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> bool:
    """Say whether a request is signed by Standard Webhooks 1.0 (as Svix does), with one of several signatures.

    The secret is base64, with or without `whsec_` before it. An id with a full stop could be shifted into the time.
    """
    if not message_id or "." in message_id or not is_fresh(timestamp, now=now, tolerance=tolerance):
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    content = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return _any_equal((one.removeprefix("v1,") for one in _listed(signatures)), expected)


def _listed(signatures: str) -> Iterable[str]:
    return (one for one in signatures[:_LONGEST_SIGNATURES].split() if one.startswith("v1,"))


def _any_equal(told: Iterable[str], expected: str) -> bool:
    found = False
    for one in told:
        found |= is_equal(one, expected)
    return found


def is_equal(told: str, expected: str) -> bool:
    """Say whether two texts are the same; the time it takes tells nothing of where they differ."""
    return hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode())
