"""The wire to Engine Web Services: one request for each call, answers of bounded size, no redirects."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from secrets import token_bytes
from types import TracebackType
from typing import Self

import httpx

from xconnector.connectors.exstream.engine_service.answer import ComposeAnswer, read_answer
from xconnector.connectors.exstream.engine_service.mtom import MULTIPART, Packed
from xconnector.connectors.exstream.engine_service.request import Compose, compose_request
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.engine_service.user_token import Stamp
from xconnector.connectors.exstream.engine_service.verdict import refusal_of
from xconnector.connectors.exstream.soap import Fault, UnreadableXmlError
from xconnector.connectors.exstream.wsdl import LARGEST_WSDL, EngineServiceDescription, read_wsdl
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_SECONDS = re.compile(r"\d{1,6}", re.ASCII)
_ENVELOPES = frozenset({"text/xml", "application/xml", "application/xop+xml", MULTIPART})
_CREDENTIALS = (MisconfiguredError, "correct user and password under `token`, or let that account compose")
_ELSEWHERE = (MisconfiguredError, "it is not there; correct its address, redirects are not followed")
_LATER = (TransientError, "it cannot compose at the moment")
_NO_ANSWER = (TransientError, "that is no answer to this request")
_BY_STATUS: Mapping[int, tuple[type[ConnectorError], str]] = {
    HTTPStatus.UNAUTHORIZED: _CREDENTIALS,
    HTTPStatus.FORBIDDEN: _CREDENTIALS,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: _CREDENTIALS,
    HTTPStatus.NOT_FOUND: _ELSEWHERE,
    HTTPStatus.METHOD_NOT_ALLOWED: _ELSEWHERE,
    HTTPStatus.GONE: _ELSEWHERE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (MisconfiguredError, "it does not take requests of this form; change `mtom`"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (PermanentError, "the driver is larger than it takes"),
    HTTPStatus.REQUEST_TIMEOUT: _LATER,
    HTTPStatus.TOO_EARLY: _LATER,
    HTTPStatus.TOO_MANY_REQUESTS: _LATER,
}
_BY_HUNDREDS: Mapping[int, tuple[type[ConnectorError], str]] = {
    3: _ELSEWHERE,
    4: (PermanentError, "it does not take this request"),
    5: _LATER,
}
_MAY_BE_A_FAULT = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR})


class OutOfReachError(TransientError):
    """Nobody answers at the address: true of this call and of those that would follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    media_type: str
    content: bytes = field(repr=False)
    retry_after: timedelta | None = None

    @property
    def is_xml(self) -> bool:
        return self.media_type.partition(";")[0].strip().lower() in _ENVELOPES


def new_stamp() -> Stamp:
    """Return the stamp of a request that is sent now."""
    return Stamp(nonce=token_bytes(16), created_at=datetime.now(UTC))


class EngineServiceClient:
    """The service, opened. Composing is pure: whatever got lost may be asked for again."""

    def __init__(self, settings: EngineServiceSettings, *, stamp: Callable[[], Stamp] = new_stamp) -> None:
        self._settings = settings
        self._stamp = stamp
        self._at = f"the engine service {settings.url}"
        seconds = settings.timeout.total_seconds()
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(seconds, settings.connect_timeout.total_seconds())),
            limits=httpx.Limits(max_connections=settings.parallel, max_keepalive_connections=settings.parallel),
            # An answer that sends us elsewhere would take password and customer along.
            follow_redirects=False,
            # The address is the operator's word, not the environment's.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(exc_type, exc, traceback)

    async def describe(self) -> EngineServiceDescription:
        """Return what the service's WSDL says. Raises TransientError or MisconfiguredError."""
        url = self._settings.wsdl_url
        answer = await self._ask("GET", url, None, largest=LARGEST_WSDL)
        if answer.status != HTTPStatus.OK:
            error = _by_status(answer, f"its WSDL {url}")
            raise MisconfiguredError(str(error)) if isinstance(error, PermanentError) else error
        try:
            return await asyncio.to_thread(read_wsdl, answer.content)
        except UnreadableXmlError as unreadable:
            raise MisconfiguredError(f"what {url} gives {unreadable}: correct `url` or `wsdl`") from None

    async def compose(self, compose: Compose) -> ComposeAnswer:
        """Return what the service answers. Raises one of the four errors, never OutcomeUnknownError."""
        answered = await self._exchanged(compose)
        if isinstance(answered, Fault):
            raise refusal_of(answered, self._settings)
        return answered

    async def prove_token(self) -> None:
        """Ask for nothing, to see whether the account is let in. Raises TransientError or MisconfiguredError."""
        try:
            answered = await self._exchanged(Compose(package=None, driver=b"", options=self._settings.engine_options))
        except PermanentError:
            return
        if isinstance(answered, Fault):
            refusal = refusal_of(answered, self._settings)
            if isinstance(refusal, MisconfiguredError):
                raise refusal

    async def _exchanged(self, compose: Compose) -> ComposeAnswer | Fault:
        stamp = self._stamp() if self._settings.token is not None and self._settings.token.stamped else None
        request = await asyncio.to_thread(compose_request, compose, self._settings, stamp)
        answer = await self._ask("POST", self._settings.url, request, largest=self._settings.largest_answer)
        if answer.status not in _MAY_BE_A_FAULT or (answer.status != HTTPStatus.OK and not answer.is_xml):
            raise _by_status(answer, self._at)
        if not answer.is_xml:
            raise MisconfiguredError(f"{self._at} answers with something else than XML: `url` is not where it composes")
        return await self._understood(answer)

    async def _understood(self, answer: _Answer) -> ComposeAnswer | Fault:
        try:
            read = await asyncio.to_thread(read_answer, Packed(media_type=answer.media_type, content=answer.content))
        except UnreadableXmlError as unreadable:
            if answer.status != HTTPStatus.OK:
                raise _by_status(answer, self._at) from None
            error = TransientError if unreadable.is_cut_off else PermanentError
            raise error(f"what {self._at} answers {unreadable}") from None
        if answer.status != HTTPStatus.OK and not isinstance(read, Fault):
            raise _by_status(answer, self._at)
        return read

    async def _ask(self, method: str, url: str, body: Packed | None, *, largest: int) -> _Answer:
        # Compressed answers could grow beyond every bound while they are unpacked.
        headers = {"Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = body.media_type
            headers["SOAPAction"] = f'"{self._settings.soap_action}"'
        try:
            async with (
                asyncio.timeout(self._settings.timeout.total_seconds()),
                self._http.stream(method, url, content=body.content if body else None, headers=headers) as answer,
            ):
                return _Answer(
                    status=answer.status_code,
                    media_type=answer.headers.get("Content-Type", ""),
                    content=await self._content(answer, largest),
                    retry_after=_retry_after(answer),
                )
        except httpx.ConnectTimeout:
            raise OutOfReachError(f"{self._at} did not answer in time") from None
        except (httpx.TimeoutException, TimeoutError):
            raise TransientError(
                f"{self._at} did not answer in time; a long composition needs a longer `timeout`"
            ) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise MisconfiguredError("the `url` of the engine service is no address that can be called") from None
        except httpx.ConnectError:
            raise OutOfReachError(f"{self._at} cannot be reached: does it run, and is the address right?") from None
        except httpx.HTTPError:
            raise TransientError(f"{self._at} broke the line off") from None

    async def _content(self, answer: httpx.Response, largest: int) -> bytes:
        if answer.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
            raise MisconfiguredError(
                f"{self._at} answers compressed although it is asked not to: "
                "switch that off in it, or in what stands before it"
            )
        content = bytearray()
        async for chunk in answer.aiter_raw():
            content += chunk
            if len(content) > largest:
                raise PermanentError(
                    f"{self._at} answers with more than {largest} bytes: raise `largest_answer`, "
                    "or ask for fewer files with `file_return_regex`"
                )
        return bytes(content)


def _by_status(answer: _Answer, who: str) -> ConnectorError:
    """Return what a status means. What is said besides may hold content and is not read."""
    status = answer.status
    kind, remedy = _BY_STATUS.get(status) or _BY_HUNDREDS.get(status // 100, _NO_ANSWER)
    told = f"{who} answers {status}: {remedy}"
    return TransientError(told, retry_after=answer.retry_after) if kind is TransientError else kind(told)


def _retry_after(answer: httpx.Response) -> timedelta | None:
    """Return the seconds that the service asks for; its dates are left unread."""
    asked = _SECONDS.fullmatch(answer.headers.get("Retry-After", ""))
    return timedelta(seconds=int(asked[0])) if asked else None
