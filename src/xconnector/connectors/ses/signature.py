"""The signature of Amazon SNS, in whose envelope the events of SES come: RSA over named fields of it.

The certificate that it names is fetched by whoever verifies, and only from an address that is Amazon's. An event
that SNS delivers raw has no signature at all.
"""

import base64
import binascii
import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import FeedbackRequest, text_at
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.signed import TOLERANCE, is_fresh
from xconnector.domain.strict_json import Json

_HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?", re.ASCII)
_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{8,64}\.pem", re.ASCII)
# In this order; Subject only where there is one.
_OF_A_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_OF_THE_SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def certificate_address(request: FeedbackRequest, *, topics: frozenset[str] | None = None) -> str | None:
    """Return where the certificate lies that the envelope names; None for a place that is not Amazon's.

    With `topics`, None for an envelope of any other topic as well: for that nothing need be fetched.
    """
    envelope = _envelope(request)
    if topics is not None and text_at(envelope, "TopicArn") not in topics:
        return None
    address = text_at(envelope, "SigningCertURL")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    is_amazons = parts.scheme == "https" and _HOST.fullmatch(parts.netloc) and _PATH.fullmatch(parts.path)
    return address if is_amazons and port is None and not parts.query and not parts.fragment else None


def is_genuine(
    request: FeedbackRequest,
    certificate: bytes,
    *,
    topics: frozenset[str],
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> bool:
    """Say whether SNS signed this envelope lately, for one of our topics, with the certificate (PEM) it names."""
    envelope = _envelope(request)
    told = moment_of(text_at(envelope, "Timestamp"))
    if text_at(envelope, "TopicArn") not in topics or told is None:
        return False
    return is_fresh(str(int(told.timestamp())), now=now, tolerance=tolerance) and is_signed(envelope, certificate)


def is_signed(envelope: dict[str, Json], certificate: bytes) -> bool:
    """Say whether an envelope is signed with a certificate: version 1 with SHA-1, version 2 with SHA-256."""
    hashes = {"1": SHA1, "2": SHA256}.get(text_at(envelope, "SignatureVersion"))
    try:
        key = load_pem_x509_certificate(certificate).public_key()
        signature = base64.b64decode(text_at(envelope, "Signature"), validate=True)
    except (binascii.Error, ValueError):
        return False
    if hashes is None or not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, _signed_text(envelope), PKCS1v15(), hashes())
    except InvalidSignature:
        return False
    return True


def _signed_text(envelope: dict[str, Json]) -> bytes:
    is_notification = text_at(envelope, "Type") == "Notification"
    names = _OF_A_NOTIFICATION if is_notification else _OF_THE_SUBSCRIPTION
    lines = [f"{name}\n{envelope[name]}\n" for name in names if isinstance(envelope.get(name), str)]
    return "".join(lines).encode("utf-8", "replace")


def _envelope(request: FeedbackRequest) -> dict[str, Json]:
    try:
        told = request.json()
    except PermanentError:
        return {}
    return told if isinstance(told, dict) else {}
