"""The wire to Engine Web Services: HTTP with answers of bounded size, no redirects, no cookies."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from xconnector.connectors.exstream.engine_service.mtom import MULTIPART, Packed
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.wire import is_distrust, open_client
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.http_refusal import retry_after

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


class OutOfReachError(TransientError):
    """Nobody answers at the address: true of this call and of those that would follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came, whatever its status."""

    status: int
    body: Packed
    retry_after: timedelta | None = None

    @property
    def is_xml(self) -> bool:
        return self.body.media_type.partition(";")[0].strip().lower() in _ENVELOPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked."""

    url: str
    body: Packed | None = field(default=None, repr=False)
    """None only reads."""
    largest: int
    """The most bytes that the answer may have."""


class EngineServiceWire:
    """The service's address, opened. Composing is pure: whatever got lost may be asked for again."""

    def __init__(self, settings: EngineServiceSettings, project_folder: Path) -> None:
        self._settings = settings
        self._project_folder = project_folder
        self.name = f"the engine service {settings.url}"
        self._opened: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    async def ask(self, question: Question) -> Answer:
        """Return the answer. Raises one of the four errors where none came, never OutcomeUnknownError."""
        # Compressed answers could grow beyond every bound while they are unpacked.
        headers = {"Accept-Encoding": "identity"}
        body = question.body
        if body is not None:
            headers["Content-Type"] = body.media_type
            headers["SOAPAction"] = f'"{self._settings.soap_action}"'
        method, content = ("GET", None) if body is None else ("POST", body.content)
        seconds = self._settings.timeout.total_seconds()
        pieces = httpx.Timeout(seconds, connect=self._settings.connect_timeout.total_seconds())
        try:
            async with (
                asyncio.timeout(seconds),
                self._http().stream(method, question.url, content=content, headers=headers, timeout=pieces) as answer,
            ):
                return await self._read(answer, question.largest)
        except TimeoutError:
            raise TransientError(
                f"{self.name} did not answer in time; a long composition needs a longer `timeout`"
            ) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise MisconfiguredError("the address of the engine service is none that can be called") from None
        except httpx.HTTPError as error:
            raise self._lost(error) from None

    def refused(self, answer: Answer) -> ConnectorError:
        """Return what a status means that is no success. What is said besides may hold content and is not read."""
        kind, remedy = _BY_STATUS.get(answer.status) or _BY_HUNDREDS.get(answer.status // 100, _NO_ANSWER)
        told = f"{self.name} answers {answer.status}: {remedy}"
        return TransientError(told, retry_after=answer.retry_after) if kind is TransientError else kind(told)

    async def _read(self, answer: httpx.Response, largest: int) -> Answer:
        if answer.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
            raise MisconfiguredError(
                f"{self.name} answers compressed although it is asked not to: "
                "switch that off in it, or in what stands before it"
            )
        content = bytearray()
        async for chunk in answer.aiter_raw():
            content += chunk
            if len(content) > largest:
                raise PermanentError(
                    f"{self.name} answers with more than {largest} bytes: raise `largest_answer`, "
                    "or ask for fewer files with `file_return_regex`"
                )
        return Answer(
            status=answer.status_code,
            body=Packed(media_type=answer.headers.get("Content-Type", ""), content=bytes(content)),
            retry_after=retry_after(answer.headers),
        )

    def _http(self) -> httpx.AsyncClient:
        """Return the client, opened on first use. Raises MisconfiguredError."""
        if self._opened is None:
            ca_file = self._settings.ca_file
            path = self._project_folder / ca_file if ca_file is not None else None
            self._opened = open_client(path, kept_alive=self._settings.parallel)
        return self._opened

    def _lost(self, error: httpx.HTTPError) -> ConnectorError:
        if is_distrust(error):
            return MisconfiguredError(f"{self.name} shows a certificate that is not trusted: name its `ca_file`")
        if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
            return OutOfReachError(f"{self.name} cannot be reached: does it run, and is the address right?")
        if isinstance(error, httpx.TimeoutException):
            return TransientError(f"{self.name} did not answer in time; a long composition needs a longer `timeout`")
        return TransientError(f"{self.name} broke the line off before its answer was whole")
