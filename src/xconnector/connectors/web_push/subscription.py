"""What a browser tells of itself when somebody wants messages there: an address and two keys."""

import base64
import binascii
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from xconnector.contract.errors import PermanentError
from xconnector.contract.outbound_allowance import ForbiddenAddressError, OutboundAllowance, check_url
from xconnector.domain.strict_json import Json, StrictJsonError, read_json

_AUTH = 16
"""Bytes of the secret that browser and sender share (RFC 8291)."""
_LONGEST_KEY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One browser."""

    endpoint: str = field(repr=False)
    """Where messages are handed over; the browser's word, so it is checked before it is called."""
    public_key: bytes = field(repr=False)
    """Uncompressed point on P-256."""
    auth: bytes = field(repr=False)

    def spelled(self) -> str:
        """Return its one spelling."""
        keys = {"p256dh": _encoded(self.public_key), "auth": _encoded(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "keys": keys}, separators=(",", ":"))


def subscription_of(told: Json, allowance: OutboundAllowance) -> Subscription:
    """Return the subscription as `PushSubscription.toJSON()` gives it.

    Raises PermanentError, which shows nothing of it.
    """
    keys = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(keys, dict):
        raise PermanentError("a subscription is an object with `endpoint` and `keys`, as the browser gives it")
    endpoint = told.get("endpoint")
    if not isinstance(endpoint, str):
        raise PermanentError("a subscription has an `endpoint`")
    try:
        check_url(endpoint, allowance)
    except ForbiddenAddressError as why:
        raise PermanentError(f"its `endpoint` is refused: {why}") from None
    public_key, auth = _decoded(keys.get("p256dh")), _decoded(keys.get("auth"))
    if len(auth) != _AUTH:
        raise PermanentError(f"`auth` of a subscription is {_AUTH} bytes in base64url")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    except ValueError:
        raise PermanentError("`p256dh` of a subscription is a public key of P-256 in base64url") from None
    return Subscription(endpoint=endpoint, public_key=public_key, auth=auth)


def kept_subscription(address: str, allowance: OutboundAllowance) -> Subscription:
    """Return a subscription as it was kept. Raises PermanentError."""
    try:
        return subscription_of(read_json(address.encode(), depth=2), allowance)
    except StrictJsonError:
        raise PermanentError("a subscription was kept that is none; register the device anew") from None


def _decoded(text: Json) -> bytes:
    if not isinstance(text, str) or len(text) > _LONGEST_KEY:
        return b""
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return b""


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
