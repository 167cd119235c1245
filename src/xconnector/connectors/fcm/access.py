"""Access tokens: a service account proves itself by a signed claim and gets one for an hour."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import httpx
import jwt
import msgspec

from xconnector.contract.errors import MisconfiguredError, TransientError

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_CLAIM_LIFE = timedelta(hours=1)
_BEFORE_ITS_END = timedelta(minutes=5)
_LARGEST = 64 * 1024


class _File(msgspec.Struct):
    project_id: str
    client_email: str
    private_key: str
    private_key_id: str = ""


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """Who we are at Google."""

    project_id: str
    email: str
    key_id: str
    key: str = field(repr=False)


def service_account(path: Path) -> ServiceAccount:
    """Return what a file of a service account says. Raises MisconfiguredError."""
    try:
        told = msgspec.json.decode(path.read_bytes()[:_LARGEST], type=_File)
        jwt.encode({}, told.private_key, algorithm="RS256")
    except OSError:
        raise MisconfiguredError(f"there is no file {path.name} that can be read; correct `service_account`") from None
    except (msgspec.DecodeError, ValueError, TypeError, jwt.PyJWTError):
        raise MisconfiguredError(f"{path.name} is no JSON file of a service account with its private key") from None
    return ServiceAccount(
        project_id=told.project_id, email=told.client_email, key_id=told.private_key_id, key=told.private_key
    )


class Access:
    """Keeps one access token for as long as it is good."""

    def __init__(
        self, account: ServiceAccount, token_url: str, http: httpx.AsyncClient, now: Callable[[], datetime]
    ) -> None:
        self._account, self._token_url, self._http, self._now = account, token_url, http, now
        self._token = ""
        self._good_until: datetime | None = None

    def forget(self) -> None:
        """Ask for another one the next time."""
        self._good_until = None

    async def token(self) -> str:
        """Return an access token. Raises TransientError or MisconfiguredError."""
        now = self._now()
        if self._good_until is None or now >= self._good_until:
            answer = await self._fetch(now)
            self._token = answer.access_token
            self._good_until = now + timedelta(seconds=answer.expires_in) - _BEFORE_ITS_END
        return self._token

    async def _fetch(self, now: datetime) -> _Answer:
        claims = {
            "iss": self._account.email,
            "scope": _SCOPE,
            "aud": self._token_url,
            "iat": int(now.timestamp()),
            "exp": int((now + _CLAIM_LIFE).timestamp()),
        }
        claim = jwt.encode(claims, self._account.key, algorithm="RS256", headers={"kid": self._account.key_id})
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": claim}
        try:
            answer = await self._http.post(self._token_url, data=form)
        except httpx.HTTPError:
            raise TransientError("the service that gives access tokens cannot be reached") from None
        if answer.is_server_error or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise TransientError(f"the service that gives access tokens answers {answer.status_code}")
        try:
            if answer.is_success and len(answer.content) < _LARGEST:
                return msgspec.json.decode(answer.content, type=_Answer)
        except msgspec.DecodeError:
            pass
        raise MisconfiguredError(f"the service account gets no access token ({answer.status_code}); is its key valid?")
