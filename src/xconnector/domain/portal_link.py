"""Signed links to the portal: whoever holds one sees one customer's documents until it expires.

A token is `<customer key, base64url>.<expiry, seconds since 1970>.<id of the secret>.<HMAC-SHA256, base64url>`.
Signed are purpose, customer key, expiry and id of the secret. A link for a person who has signed in elsewhere has a
purpose of its own, so that none becomes the other.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

SHORTEST_SECRET = 32
"""Characters."""
LONGEST_TOKEN = 1024

_PURPOSES = {False: "xconnector portal link 1", True: "xconnector portal link for a person signed in 1"}
_TOKEN = re.compile(
    r"(?P<customer>[A-Za-z0-9_-]{1,900})\.(?P<expires>[1-9][0-9]{0,10})\.(?P<secret>[0-9a-f]{8})\."
    r"(?P<signature>[A-Za-z0-9_-]{43})",
    re.ASCII,
)


class PortalLinkError(ValueError):
    """The token opens nothing: it was not made with one of our secrets, or was changed on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLink:
    """What a link opens, and until when."""

    customer_key: str
    expires_at: datetime
    """To the second."""
    is_signed_in: bool = False
    """Made for a person who had just proven who they are, not to be mailed about."""

    def is_expired(self, now: datetime) -> bool:
        return now >= self.expires_at


@dataclass(frozen=True, slots=True)
class PortalSecrets:
    """The first secret signs; links that any of them signed are good, so that a secret can be replaced in peace."""

    secrets: Sequence[str] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets or any(len(secret) < SHORTEST_SECRET for secret in self.secrets):
            raise ValueError(f"a secret for portal links has at least {SHORTEST_SECRET} characters")

    def sign(self, link: PortalLink) -> str:
        """Return the token of a link.

        Raises ValueError when the customer key is empty or too long for an address.
        """
        secret = self.secrets[0]
        customer = _encoded(link.customer_key.encode())
        signed = f"{customer}.{int(link.expires_at.timestamp())}.{_secret_id(secret)}"
        token = f"{signed}.{_signature(secret, _PURPOSES[link.is_signed_in], signed)}"
        if _TOKEN.fullmatch(token) is None:
            raise ValueError("this customer key is empty, or too long for a link")
        return token

    def read(self, token: str) -> PortalLink:
        """Return what a token opens, expired or not.

        Raises PortalLinkError.
        """
        parts = _TOKEN.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
        signed_for = () if parts is None else self._signed_for(parts["secret"], *token.rsplit(".", 1))
        if parts is None or not signed_for:
            raise PortalLinkError("this link was not made here, or was changed on its way")
        return PortalLink(
            customer_key=_decoded(parts["customer"]),
            expires_at=datetime.fromtimestamp(int(parts["expires"]), UTC),
            is_signed_in=signed_for[0],
        )

    def _signed_for(self, secret_id: str, signed: str, signature: str) -> list[bool]:
        """Return of which kind of link this is the signature; none when it is of none of our secrets."""
        return [
            is_signed_in
            for secret in self.secrets
            if _secret_id(secret) == secret_id
            for is_signed_in, purpose in _PURPOSES.items()
            if hmac.compare_digest(_signature(secret, purpose, signed), signature)
        ]


def _signature(secret: str, purpose: str, signed: str) -> str:
    return _encoded(hmac.digest(secret.encode(), f"{purpose}.{signed}".encode(), hashlib.sha256))


def _secret_id(secret: str) -> str:
    """Return a short name for a secret that tells nothing of it."""
    return hmac.digest(secret.encode(), b"xconnector portal secret id 1", hashlib.sha256).hex()[:8]


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
