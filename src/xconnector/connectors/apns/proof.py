"""Who we are for Apple: a signed token, made anew before it is an hour old and never more often than it may."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import jwt

from xconnector.contract.errors import MisconfiguredError

_RENEWED_AFTER = timedelta(minutes=40)
"""Apple takes tokens up to an hour old, and refuses new ones within 20 minutes."""
_NOT_WITHIN = timedelta(minutes=20)


def team_key(path: Path) -> str:
    """Return the team's private key. Raises MisconfiguredError."""
    try:
        key = path.read_text("ascii")
        jwt.encode({}, key, algorithm="ES256")
    except OSError:
        raise MisconfiguredError(f"there is no file {path.name} that can be read; correct `key_file`") from None
    except (ValueError, TypeError, jwt.PyJWTError):
        raise MisconfiguredError(f"{path.name} is no private key (.p8) as Apple gives it") from None
    return key


class Proof:
    """Keeps one token for as long as it may be used."""

    def __init__(self, key: str, *, key_id: str, team_id: str, now: Callable[[], datetime]) -> None:
        self._key, self._key_id, self._team_id, self._now = key, key_id, team_id, now
        self._token = ""
        self._made_at: datetime | None = None

    def token(self) -> str:
        """Return the token of now."""
        now = self._now()
        if self._made_at is None or now - self._made_at >= _RENEWED_AFTER:
            self._make(now)
        return self._token

    def expired(self) -> None:
        """Make another one, because Apple takes this one no more; one that is young stays."""
        now = self._now()
        if self._made_at is not None and now - self._made_at >= _NOT_WITHIN:
            self._make(now)

    def _make(self, now: datetime) -> None:
        claims = {"iss": self._team_id, "iat": int(now.timestamp())}
        self._token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id})
        self._made_at = now
