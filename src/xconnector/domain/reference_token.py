"""Signed references to a dispatch: short, case-insensitive, and telling nothing of the customer.

They stand where mail systems carry them back to us: in the envelope sender (VERP), the envelope id,
the Message-ID, and unsubscribe links. 19 bytes name the dispatch, 11 bytes sign it; base32 makes
48 characters of them, which leaves 16 of a local part's 64 octets for a prefix.
"""

import base64
import binascii
import hashlib
import hmac
import re
from enum import StrEnum
from itertools import islice
from uuid import UUID

from xconnector.domain.dispatch_key import DISPATCH_KEY

TOKEN_LENGTH = 48
_MOST_CANDIDATES = 1000
"""Words of a token's shape that are looked at in one text."""

_TOKEN = re.compile(r"(?<![A-Za-z2-7])[A-Za-z2-7]{48}(?![A-Za-z2-7])", re.ASCII)
_REFERENCE_BYTES = 19
_SIGNATURE_BYTES = 11
_HIGHEST_HOP = 0xFF
_HIGHEST_REPEAT = 0xFFFF


class Purpose(StrEnum):
    """What a token is good for: one for bounces unsubscribes nobody."""

    RETURN = "return"
    UNSUBSCRIBE = "unsubscribe"


def sign(dispatch_key: str, purpose: Purpose, secret: bytes) -> str:
    """Return the token of a dispatch key `<communication uuid>-<hop>[-r<repeat>]`, in lower case.

    Raises ValueError for a key of another form.
    """
    reference = _reference(dispatch_key)
    token = base64.b32encode(reference + _signature(reference, purpose, secret))
    return token.decode("ascii").lower()


def verified(token: str, purpose: Purpose, secret: bytes) -> str | None:
    """Return the dispatch key that a token names, or None when it is none of ours for this purpose."""
    try:
        content = base64.b32decode(token.upper())
    except (binascii.Error, ValueError):
        return None
    reference, signature = content[:_REFERENCE_BYTES], content[_REFERENCE_BYTES:]
    if not hmac.compare_digest(signature, _signature(reference, purpose, secret)):
        return None
    return _dispatch_key(reference)


def dispatch_key_in(text: str, purpose: Purpose, secret: bytes) -> str | None:
    """Return the dispatch key of the first token in a text that is ours, or None."""
    for candidate in islice(_TOKEN.finditer(text), _MOST_CANDIDATES):
        if dispatch_key := verified(candidate[0], purpose, secret):
            return dispatch_key
    return None


def _reference(dispatch_key: str) -> bytes:
    parts = DISPATCH_KEY.fullmatch(dispatch_key)
    if parts is None:
        raise ValueError(
            "a dispatch key is a communication's id, its hop, and the repeat if any: <uuid>-0 or <uuid>-0-r1"
        )
    hop, repeat = int(parts[2]), int(parts[3] or 0)
    if hop > _HIGHEST_HOP or repeat > _HIGHEST_REPEAT:
        raise ValueError(f"a dispatch key has a hop up to {_HIGHEST_HOP} and a repeat up to {_HIGHEST_REPEAT}")
    return UUID(parts[1]).bytes + hop.to_bytes(1, "big") + repeat.to_bytes(2, "big")


def _dispatch_key(reference: bytes) -> str:
    hop, repeat = reference[16], int.from_bytes(reference[17:], "big")
    return f"{UUID(bytes=reference[:16])}-{hop}" + (f"-r{repeat}" if repeat else "")


def _signature(reference: bytes, purpose: Purpose, secret: bytes) -> bytes:
    signed = f"xconnector {purpose}\n".encode() + reference
    return hmac.new(secret, signed, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
