"""Sign-in at OTDS: one proof for all callers, renewed before it ends."""

import asyncio
import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import httpx
import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.errors import Call, unreachable
from xconnector.connectors.exstream.cloud.reading import body_of, decoded
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.cloud.sign_in_settings import (
    ClientSentAs,
    Csrf,
    Grant,
    TokenSignIn,
)
from xconnector.connectors.exstream.ticket import ticket_address, ticket_of, ticket_request
from xconnector.connectors.exstream.ticket_settings import TicketSignIn
from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError

_CALL: Final = Call(service="OTDS")
_LARGEST_ANSWER = 256 * 1024
_REFUSAL_STANDS: Final = 10.0
"""Seconds in which a refused sign-in is not tried again: OTDS locks accounts after a few wrong passwords."""
_COOKIE = re.compile(r"[!#-+\--:<-\[\]-~]+", re.ASCII)
"""Value of a cookie, RFC 6265 section 4.1.1."""
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
_OAUTH_ERRORS: Mapping[str, str] = {
    "invalid_client": "correct `client_id` and `client_secret`",
    "invalid_grant": "correct user and password, or `subject`",
    "invalid_scope": "correct `scopes`",
    "unauthorized_client": "allow this client the grant",
    "unsupported_grant_type": "choose another `grant`",
    "invalid_request": "the preset does not fit this server",
    "access_denied": "allow this client or user to sign in",
}
"""RFC 6749 section 5.2, and what an operator is to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What goes along with requests to show who asks."""

    headers: Mapping[str, str] = field(repr=False)
    ends_at: float
    """On the clock of the sign-in: from then on another one is fetched first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    body: bytes = field(repr=False)
    cookies: httpx.Cookies = field(repr=False)


class SignIn:
    """The sign-in of one connection: whoever asks while one is under way waits for that one."""

    def __init__(
        self, settings: CloudSettings, http: httpx.AsyncClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings.sign_in
        self._csrf = settings.csrf
        self._http = http
        self._clock = clock
        self._proof: Proof | None = None
        self._underway: asyncio.Task[Proof] | None = None
        self._refused_at: tuple[float, str] | None = None

    async def close(self) -> None:
        """Give up what is under way."""
        if self._underway is not None:
            self._underway.cancel()
            await asyncio.wait([self._underway])
            self._underway = None

    async def proof(self, *, instead_of: Proof | None = None) -> Proof:
        """Return a proof that holds: another one than what a service called void.

        Raises TransientError or MisconfiguredError.
        """
        current = self._proof
        if current is not None and current is not instead_of and self._clock() < current.ends_at:
            return current
        if self._underway is None or self._underway.done():
            self._refuse_again()
            self._underway = asyncio.create_task(self._renewed())
            self._underway.add_done_callback(_heed)
        # Shielded: one caller that gives up takes the sign-in from nobody else.
        return await asyncio.shield(self._underway)

    async def _renewed(self) -> Proof:
        try:
            self._proof = await self._fetched()
        except MisconfiguredError as refusal:
            self._refused_at = (self._clock(), str(refusal))
            raise
        self._refused_at = None
        return self._proof

    def _refuse_again(self) -> None:
        if self._refused_at is not None and self._clock() - self._refused_at[0] < _REFUSAL_STANDS:
            raise MisconfiguredError(self._refused_at[1])

    async def _fetched(self) -> Proof:
        proof = await (
            self._ticket(self._settings) if isinstance(self._settings, TicketSignIn) else self._token(self._settings)
        )
        if self._csrf is None:
            return proof
        return Proof(headers={**proof.headers, **await self._forgery_token(self._csrf, proof)}, ends_at=proof.ends_at)

    async def _token(self, settings: TokenSignIn) -> Proof:
        at = address(settings.url, settings.endpoint_path, **_tenant(settings.tenant))
        headers, body = _token_request(settings)
        asked_at = self._clock()
        answer = await self._sent("POST", at, headers, body)
        told = _told(answer.body, at)
        life = told.expires_in if told.expires_in is not None else settings.lifetime.total_seconds()
        margin = min(settings.margin.total_seconds(), life / 2)
        return Proof(headers=_bearer(told.access_token, at), ends_at=asked_at + life - margin)

    async def _ticket(self, settings: TicketSignIn) -> Proof:
        at = ticket_address(settings)
        asked_at = self._clock()
        answer = await self._sent("POST", at, _JSON, ticket_request(settings))
        ticket = ticket_of(answer.body)
        if ticket is None:
            raise _stranger(at)
        return Proof(headers={settings.header: ticket}, ends_at=asked_at + settings.lifetime.total_seconds())

    async def _forgery_token(self, csrf: Csrf, proof: Proof) -> Mapping[str, str]:
        answer = await self._sent("GET", csrf.url, proof.headers, None)
        value = answer.cookies.get(csrf.cookie) or ""
        if not _COOKIE.fullmatch(value):
            raise MisconfiguredError(f"{csrf.url} gives no cookie {csrf.cookie!r}: correct `csrf`")
        cookie = {"Cookie": f"{csrf.cookie}={value}"}
        return cookie if csrf.header is None else {**cookie, csrf.header: value}

    async def _sent(self, method: str, at: str, headers: Mapping[str, str], body: bytes | None) -> _Answer:
        wait = self._settings.timeout.total_seconds()
        try:
            request = self._http.build_request(method, at, headers=dict(headers), content=body, timeout=wait)
            answer = await self._http.send(request, stream=True)
            try:
                content = await body_of(answer, largest=_LARGEST_ANSWER)
            finally:
                await answer.aclose()
        except httpx.InvalidURL:
            raise MisconfiguredError("the `url` of `sign_in` or `csrf` is no address that can be called") from None
        except httpx.HTTPError as error:
            raise unreachable(error, _CALL, at) from None
        if not answer.is_success:
            raise _refusal(answer, content, at)
        return _Answer(body=content, cookies=answer.cookies)


def _heed(signed_in: asyncio.Task[Proof]) -> None:
    """Look at a sign-in that failed: those who waited for it may have given up."""
    if not signed_in.cancelled():
        signed_in.exception()


_JSON: Mapping[str, str] = {"Content-Type": "application/json", "Accept": "application/json"}
_FORM: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float | None = None


class _OAuthError(msgspec.Struct):
    error: str = ""


def _token_request(settings: TokenSignIn) -> tuple[Mapping[str, str], bytes]:
    """Return headers and body of a request for a token, with the client sent as the preset has it."""
    fields = _grant_fields(settings)
    secret = settings.client_secret.get_secret_value() if settings.client_secret is not None else None
    if settings.sends_client_as is ClientSentAs.BASIC:
        return {**_FORM, "Authorization": _basic(settings.client_id or "", secret or "")}, _form(fields)
    client = {"client_id": settings.client_id, "client_secret": secret}
    fields.update({name: value for name, value in client.items() if value is not None})
    if settings.sends_client_as is ClientSentAs.JSON:
        return _JSON, msgspec.json.encode(fields)
    return _FORM, _form(fields)


def _grant_fields(settings: TokenSignIn) -> dict[str, str]:
    fields = {"grant_type": settings.grant.value}
    if settings.grant is Grant.PASSWORD and settings.password is not None:
        fields |= {"username": settings.user or "", "password": settings.password.get_secret_value()}
    if settings.grant is Grant.TOKEN_EXCHANGE:
        # As OpenText's own pyxecm asks OTDS for a token in another user's name.
        fields = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": settings.subject or "",
            "subject_token_type": "urn:opentext.com:oauth:string:user_id",
        }
    return fields | ({"scope": " ".join(settings.scopes)} if settings.scopes else {})


def _form(fields: Mapping[str, str]) -> bytes:
    return urlencode(fields).encode("ascii")


def _basic(client_id: str, secret: str) -> str:
    """Return Basic credentials as the vendor's own collection of requests sends them: without percent-encoding."""
    return f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode('ascii')}"


def _tenant(tenant: str | None) -> Mapping[str, str]:
    return {} if tenant is None else {"tenant": tenant}


def _bearer(token: str, at: str) -> Mapping[str, str]:
    if not _VISIBLE.fullmatch(token):
        raise _stranger(at)
    return {"Authorization": f"Bearer {token}"}


def _told(body: bytes, at: str) -> _Token:
    token = decoded(body, _Token)
    if token is None:
        raise _stranger(at)
    return token


def _stranger(at: str) -> ConnectorError:
    return MisconfiguredError(f"what answers at {at} gives nothing to sign in with: correct `preset` and `url`")


def _refusal(answer: httpx.Response, body: bytes, at: str) -> ConnectorError:
    """Return what a refused sign-in means; what OTDS says besides the code may name users and is not told."""
    status = answer.status_code
    told = f"OTDS at {at} answers {status}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return TransientError(f"{told}: nobody can sign in at the moment")
    code = _oauth_error(body)
    if code in _OAUTH_ERRORS:
        return MisconfiguredError(f"{told} ({code}): {_OAUTH_ERRORS[code]}")
    if status == HTTPStatus.NOT_FOUND or answer.is_redirect:
        return MisconfiguredError(
            f"{told}: there is no such endpoint; correct `preset`, `url` or `tenant` of `sign_in`"
        )
    return MisconfiguredError(f"{told}: correct the credentials of `sign_in`")


def _oauth_error(body: bytes) -> str:
    refusal = decoded(body, _OAuthError)
    return refusal.error if refusal is not None else ""
