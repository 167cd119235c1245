"""The wire of OData: one page by GET, below the root of the service and nowhere else."""

import time
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx

from xconnector.connectors.odata.settings import BasicLogin, ClientCredentials, ODataSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.http_refusal import retry_after
from xconnector.domain.strict_json import Json, StrictJsonError, read_json

_LARGEST_TOKEN = 65_536
_BEFORE_ITS_END = 60
"""Seconds for which a token is not used any more before it ends."""
_DEPTH = 64
_UNAUTHORIZED = 401


class ODataClient:
    """One service. Redirects are not followed: an answer from elsewhere is none of this service."""

    def __init__(self, settings: ODataSettings) -> None:
        """Nothing is asked before `page`."""
        self._settings = settings
        login = settings.login
        basic = (login.user, login.password.get_secret_value()) if isinstance(login, BasicLogin) else None
        self._http = httpx.AsyncClient(
            auth=basic, timeout=settings.timeout.total_seconds(), follow_redirects=False, trust_env=False
        )
        self._token = ""
        self._token_ends = 0.0

    async def page(self, link: str, *, headers: Mapping[str, str]) -> dict[str, Json]:
        """Return one page of the service.

        Raises MisconfiguredError for a link that leads elsewhere, and what the answer means.
        """
        url = self.below_root(link)
        authorized = {**headers, **await self._authorization()}
        status, told, content = await self._get(url, authorized)
        if status == _UNAUTHORIZED:
            self._token = ""
        if not httpx.codes.is_success(status):
            raise _meant(status, told)
        try:
            page = read_json(content, depth=_DEPTH)
        except StrictJsonError:
            page = None
        if not isinstance(page, dict):
            raise MisconfiguredError("the answer is no OData in JSON; is `url` the root of the service?")
        return page

    def below_root(self, link: str) -> str:
        """Return a link of the service in full; one that leads elsewhere is refused, whoever wrote it."""
        root, url = urlsplit(self._settings.url), urlsplit(urljoin(self._settings.url, link))
        is_ours = (url.scheme, url.netloc) == (root.scheme, root.netloc) and url.path.startswith(root.path)
        if not is_ours or ".." in url.path.split("/"):
            raise MisconfiguredError(
                f"the service names a page at {url.hostname or 'nowhere'}, outside of `url`; it is not asked"
            )
        return url.geturl()

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def _get(self, url: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._http.stream("GET", url, headers=dict(headers)) as answer:
                content = bytearray()
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > self._settings.largest:
                        raise MisconfiguredError("a page is larger than `largest`; give `select`, or raise it")
                return answer.status_code, answer.headers, bytes(content)
        except httpx.HTTPError as error:
            raise TransientError(f"the service cannot be reached ({type(error).__name__}); is it up?") from None

    async def _authorization(self) -> Mapping[str, str]:
        login = self._settings.login
        if not isinstance(login, ClientCredentials):
            return {}
        if not self._token or time.monotonic() > self._token_ends:
            await self._fetch_token(login)
        return {"Authorization": f"Bearer {self._token}"}

    async def _fetch_token(self, login: ClientCredentials) -> None:
        asked = {
            "grant_type": "client_credentials",
            "client_id": login.client_id,
            "client_secret": login.client_secret.get_secret_value(),
            **({"scope": login.scope} if login.scope else {}),
        }
        try:
            answer = await self._http.post(login.token_url, data=asked)
        except httpx.HTTPError as error:
            raise TransientError(f"no token can be had ({type(error).__name__}); is `token_url` up?") from None
        if answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise MisconfiguredError("no token is given for `client_id` and `client_secret`; correct them")
        if not answer.is_success:
            raise TransientError(f"no token can be had (status {answer.status_code})")
        self._note_token(answer.content[:_LARGEST_TOKEN])

    def _note_token(self, content: bytes) -> None:
        try:
            told = read_json(content)
        except StrictJsonError:
            told = None
        token = told.get("access_token") if isinstance(told, dict) else None
        lasts = told.get("expires_in") if isinstance(told, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise MisconfiguredError("`token_url` answers without a token; is it the right address?")
        self._token = token
        self._token_ends = time.monotonic() + (float(lasts) if isinstance(lasts, (int, float)) else 0) - _BEFORE_ITS_END


def _meant(status: int, headers: Mapping[str, str]) -> ConnectorError:
    """Say what a status means, without a word of the body."""
    match status:
        case 401 | 403:
            return MisconfiguredError(f"the service refuses who asks ({status}); correct `login`, or its rights")
        case 404:
            return MisconfiguredError("the service has no such entity set; correct `url` or `entity_set`")
        case 410:
            return PermanentError(
                "the service has forgotten how far it was read; begin anew with `xconnector feeds restart`, and take "
                "back what was removed meanwhile"
            )
        case 408 | 429 | 503:
            return TransientError(f"the service is busy ({status})", retry_after=retry_after(headers))
        case _ if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return TransientError(f"the service has trouble ({status})")
        case _:
            return MisconfiguredError(
                f"the service refuses the question ({status}); correct `filter`, `select`, `changed`"
            )
