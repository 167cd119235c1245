"""What only one browser can read (RFC 8291), and the proof of who sends it (RFC 8292)."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

import http_ece  # pyright: ignore[reportMissingTypeStubs] - it has none
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xconnector.connectors.web_push.subscription import Subscription

_TOKEN_LIFE = timedelta(hours=12)
"""At most a day (RFC 8292)."""
_LONGEST_TOPIC = 32
_encrypt = cast("Callable[..., bytes]", http_ece.encrypt)  # pyright: ignore[reportUnknownMemberType] - it has no types


def sealed(
    content: bytes,
    subscription: Subscription,
    *,
    salt: bytes | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return the content so that only this browser can read it; salt and key are new ones where they are left out."""
    return _encrypt(
        content,
        salt=salt,
        private_key=key or ec.generate_private_key(ec.SECP256R1()),
        dh=subscription.public_key,
        auth_secret=subscription.auth,
        version="aes128gcm",
    )


def vapid_key(told: str) -> ec.EllipticCurvePrivateKey:
    """Return the private key that the settings name."""
    return ec.derive_private_key(int.from_bytes(base64.urlsafe_b64decode(told + "=="), "big"), ec.SECP256R1())


def authorization(endpoint: str, key: ec.EllipticCurvePrivateKey, contact: str, *, at: datetime) -> str:
    """Return the header that proves to the push service of this endpoint who we are."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((at + _TOKEN_LIFE).timestamp()),
        "sub": contact,
    }
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    spelled = base64.urlsafe_b64encode(public).rstrip(b"=").decode("ascii")
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={spelled}"


def topic_of(dispatch_key: str) -> str:
    """Return a name under which a message that waits is replaced by the same sent again."""
    digest = hashlib.sha256(dispatch_key.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")[:_LONGEST_TOPIC]
