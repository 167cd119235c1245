"""Who is signed in: tokens and tickets with an end, as OTDS gives them out."""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum

_MOST_KEPT = 10_000
# No header can hold it, so that nobody is let in by a refresh token.
_REFRESH = "refresh\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Whom OTDS knows: one client and one user."""

    client_id: str = "xconnector"
    client_secret: str = "secret"  # noqa: S105 - of a stand-in on 127.0.0.1
    user: str = "composer@sandbox"
    password: str = "password"  # noqa: S105 - of a stand-in on 127.0.0.1


class Standing(Enum):
    """What a token or ticket is worth."""

    GOOD = "good"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    user: str
    expires_at: float


class SignIns:
    """The tokens and tickets that were given out; the oldest are forgotten."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self._proofs: OrderedDict[str, _Proof] = OrderedDict()

    def token(self, user: str, lifetime: float) -> str:
        """Return a new access token of a user."""
        return self._kept(secrets.token_urlsafe(32), user, lifetime)

    def refresh_token(self, user: str, lifetime: float) -> str:
        """Return a new token that gives access tokens, and opens nothing by itself."""
        token = secrets.token_urlsafe(40)
        self._kept(_REFRESH + token, user, lifetime)
        return token

    def refreshed(self, refresh_token: str) -> str | None:
        """Return the user of a refresh token, which is used up; None where it is not good."""
        proof = _REFRESH + refresh_token
        user = self.user_of(proof) if self.standing(proof) is Standing.GOOD else None
        self.forget(proof)
        return user

    def ticket(self, user: str, lifetime: float) -> str:
        """Return a new ticket of a user."""
        return self._kept("*OTDSSSO*" + secrets.token_urlsafe(48) + "*", user, lifetime)

    def standing(self, proof: str) -> Standing:
        kept = self._proofs.get(proof)
        if kept is None:
            return Standing.UNKNOWN
        return Standing.GOOD if time.monotonic() < kept.expires_at else Standing.EXPIRED

    def user_of(self, proof: str) -> str:
        """Return whose token or ticket it is; empty when nobody's."""
        kept = self._proofs.get(proof)
        return kept.user if kept is not None else ""

    def forget(self, proof: str) -> None:
        self._proofs.pop(proof, None)

    def _kept(self, proof: str, user: str, lifetime: float) -> str:
        self._proofs[proof] = _Proof(user=user, expires_at=time.monotonic() + lifetime)
        if len(self._proofs) > _MOST_KEPT:
            self._proofs.popitem(last=False)
        return proof
