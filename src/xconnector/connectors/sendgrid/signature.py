"""Twilio SendGrid's signature: ECDSA over the timestamp and the raw body."""

import base64
import binascii
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from xconnector.contract.feedback import FeedbackRequest
from xconnector.domain.signed import TOLERANCE, is_fresh

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


def is_genuine(request: FeedbackRequest, public_key: str, *, now: datetime, tolerance: timedelta = TOLERANCE) -> bool:
    """Say whether SendGrid signed this request lately; the key is as its settings show it: base64 of DER."""
    timestamp = request.headers.get(_TIMESTAMP, "")
    return is_fresh(timestamp, now=now, tolerance=tolerance) and is_signed(
        timestamp, request.body, request.headers.get(_SIGNATURE, ""), public_key
    )


def is_signed(timestamp: str, body: bytes, signature: str, public_key: str) -> bool:
    """Say whether the holder of the key's private half signed the timestamp and the body, whenever that was."""
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
        told = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    if not isinstance(key, EllipticCurvePublicKey):
        return False
    try:
        key.verify(told, timestamp.encode() + body, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
