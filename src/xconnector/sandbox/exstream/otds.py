"""OTDS, the directory services: tokens by each of the six endpoints, and tickets."""

from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import UnfitBodyError, form_of, json_of
from xconnector.sandbox.exstream.house import ExstreamHouse

_TOKEN_PATHS = (
    "/otdsws/oauth2/token",
    "/otdsws/otdstenant/{tenant}/oauth2/token",
    "/otdstenant/{tenant}/oauth2/token",
    "/otdstenant/{tenant}/otdsws/oauth2/token",
)
_GATEWAY_PATH = "/tenants/{tenant}/oauth2/token"
_LOGIN_PATH = "/otds/otdstenant/{tenant}/otdsws/login"
_TICKET_PATHS = (
    "/otdsws/rest/authentication/credentials",
    "/otdstenant/{tenant}/otdsws/rest/authentication/credentials",
)
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_USER_ID = "urn:opentext.com:oauth:string:user_id"
_REFRESH_LASTS_LONGER_BY = 10


class _RefusedError(Exception):
    """OAuth's error and what it says of itself."""

    def __init__(self, error: str, description: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


def routes(house: ExstreamHouse) -> list[Route]:
    """Return the routes of OTDS; each also behind `/otds`, as gateways publish it."""
    service = _Otds(house)
    found = [Route(_LOGIN_PATH, service.login, methods=["POST"])]
    for prefix in ("", "/otds"):
        found += [Route(prefix + path, service.token, methods=["POST"]) for path in _TOKEN_PATHS]
        found += [Route(prefix + path, service.ticket, methods=["POST"]) for path in _TICKET_PATHS]
        found.append(Route(prefix + _GATEWAY_PATH, service.gateway_token, methods=["POST"]))
    return found


class _Otds:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house

    async def token(self, request: Request) -> Response:
        return self._answered(request, await form_of(request))

    async def gateway_token(self, request: Request) -> Response:
        """Take client credentials as JSON, and everything else as a form."""
        if request.headers.get("content-type", "").startswith("application/json"):
            told = {name: str(value) for name, value in (await json_of(request)).items()}
            if told.get("grant_type") != "client_credentials":
                return _oauth_error(_RefusedError("unsupported_grant_type", "JSON carries client credentials only"))
            return self._answered(request, told)
        form = await form_of(request)
        if form.get("grant_type") == "client_credentials":
            return _oauth_error(_RefusedError("invalid_request", "client credentials are taken as JSON"))
        return self._answered(request, form)

    async def login(self, request: Request) -> Response:
        """Take user and password of a form that names no grant."""
        form = await form_of(request)
        user = form.get("username") or form.get("userName") or ""
        return self._answered(request, {"grant_type": "password", **form, "username": user}, login=True)

    async def ticket(self, request: Request) -> Response:
        """Give a ticket for user and password."""
        if self._house.faults.otds_down:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            told = await json_of(request)
        except UnfitBodyError as unfit:
            return JSONResponse({"status": 400, "error": str(unfit)}, HTTPStatus.BAD_REQUEST)
        known = self._house.sign_ins.credentials
        if self._house.faults.reject_credentials or (told.get("userName"), told.get("password")) != (
            known.user,
            known.password,
        ):
            refused = {"status": -1, "error": "Authentication failed", "errorDetails": None}
            return JSONResponse(refused, HTTPStatus.UNAUTHORIZED)
        ticket = self._house.sign_ins.ticket(known.user, self._house.faults.token_lifetime)
        return JSONResponse({"token": ticket, "userId": known.user, "ticket": ticket, "failureReason": None})

    def _answered(self, request: Request, form: Mapping[str, str], *, login: bool = False) -> Response:
        if self._house.faults.otds_down:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            user = self._user(request, form, login=login)
        except _RefusedError as refused:
            return _oauth_error(refused)
        lifetime = self._house.faults.token_lifetime
        told = {
            "access_token": self._house.sign_ins.token(user, lifetime),
            "refresh_token": self._house.sign_ins.refresh_token(user, lifetime * _REFRESH_LASTS_LONGER_BY),
            "token_type": "Bearer",
            # As OAuth2 has it, whole seconds.
            "expires_in": max(1, round(lifetime)),
            "scope": form.get("scope", ""),
        }
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    def _user(self, request: Request, form: Mapping[str, str], *, login: bool) -> str:
        """Return in whose name the token is. Raises _RefusedError."""
        if self._house.faults.reject_credentials:
            raise _RefusedError("invalid_client", "the client is not known", HTTPStatus.UNAUTHORIZED)
        match form.get("grant_type", ""):
            case "client_credentials":
                return self._client(request, form, secret_needed=True) + "@OAuthClients"
            case "password":
                return self._by_password(request, form, client_needed=not login)
            case "refresh_token":
                self._client(request, form, secret_needed=False)
                return self._by_refresh_token(form.get("refresh_token", ""))
            case grant if grant == _EXCHANGE:
                self._client(request, form, secret_needed=True)
                return _subject(form)
            case "":
                raise _RefusedError("invalid_request", "grant_type is missing")
            case _:
                raise _RefusedError("unsupported_grant_type", "this grant is not offered")

    def _client(self, request: Request, form: Mapping[str, str], *, secret_needed: bool) -> str:
        known = self._house.sign_ins.credentials
        client, secret = _client_of(request, form)
        # A client that is public in one grant must still not give a wrong secret.
        fits = secret == known.client_secret or (secret is None and not secret_needed)
        if client != known.client_id or not fits:
            raise _RefusedError("invalid_client", "the client is not known", HTTPStatus.UNAUTHORIZED)
        return client

    def _by_password(self, request: Request, form: Mapping[str, str], *, client_needed: bool) -> str:
        known = self._house.sign_ins.credentials
        if client_needed or _client_of(request, form)[0]:
            self._client(request, form, secret_needed=False)
        if (form.get("username"), form.get("password")) != (known.user, known.password):
            raise _RefusedError("invalid_grant", "user or password is wrong")
        return known.user

    def _by_refresh_token(self, token: str) -> str:
        user = self._house.sign_ins.refreshed(token)
        if user is None:
            raise _RefusedError("invalid_grant", "the refresh token is not valid")
        return user


def _client_of(request: Request, form: Mapping[str, str]) -> tuple[str, str | None]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret")
    try:
        client, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise _RefusedError("invalid_client", "these are no Basic credentials", HTTPStatus.UNAUTHORIZED) from None
    return client, secret


def _subject(form: Mapping[str, str]) -> str:
    if form.get("subject_token_type") != _USER_ID:
        raise _RefusedError("invalid_request", f"subject_token_type must be {_USER_ID}")
    subject = form.get("subject_token", "")
    if "@" not in subject:
        raise _RefusedError("invalid_grant", "subject_token must be user@partition")
    return subject


def _oauth_error(refused: _RefusedError) -> Response:
    return JSONResponse({"error": refused.error, "error_description": str(refused)}, refused.status)
