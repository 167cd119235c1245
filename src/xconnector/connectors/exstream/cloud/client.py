"""The wire to the cloud-native services: signed in, answers of bounded size, no redirects."""

import re
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import httpx

from xconnector.connectors.exstream.cloud.errors import (
    Call,
    Refused,
    error_of,
    too_large,
    unreachable,
)
from xconnector.connectors.exstream.cloud.reading import body_of
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.cloud.sign_in import Proof, SignIn
from xconnector.connectors.exstream.ticket import is_void
from xconnector.connectors.exstream.wire import open_client
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.http_refusal import retry_after

Content = bytes | Callable[[], AsyncIterable[bytes]]
"""What is sent: the bytes, or what gives them as a stream, anew for each time that it is called."""
FormFile = tuple[str, tuple[str | None, bytes, str | None]]
"""A part of a multipart form: its name, then file name, content, and media type."""

_LARGEST_REFUSAL = 256 * 1024
_ID = re.compile(r"[!-~]{1,200}", re.ASCII)
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service says to a request that it took."""

    status: int
    media_type: str
    """Lower case, without parameters; empty where it is not told."""
    body: bytes = field(repr=False)
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """How the services name the request, by the header that says so; for the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One request, to be sent once or twice."""

    method: str
    url: str
    params: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    content: Content | None
    files: Sequence[FormFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    http: httpx.AsyncClient
    sign_in: SignIn


class CloudClient:
    """All services of one installation, signed in once.

    It knows the wire and no service: each service has a file of its own, which asks through it.
    """

    def __init__(self, settings: CloudSettings, *, project_folder: Path) -> None:
        self._settings = settings
        self._project_folder = project_folder
        self._open: _Open | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        if self._open is not None:
            await self._open.sign_in.close()
            await self._open.http.aclose()
            self._open = None

    async def sign_in(self) -> None:
        """Prove who we are, unless that is proven already. Raises TransientError or MisconfiguredError."""
        await self._opened().sign_in.proof()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        call: Call,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] = _NOTHING,
        content: Content | None = None,
        files: Sequence[FormFile] = (),
    ) -> Answer:
        """Return the answer to a request: a success, or one of the statuses that the call takes for answers.

        The address is a whole one, see `address`. A sign-in that a service calls void is renewed once. Raises one of
        the four errors: OutcomeUnknownError only for a call that is not repeatable.
        """
        opened = self._opened()
        asked = _Asked(method=method, url=url, params=params, headers=headers, content=content, files=files)
        proof = await opened.sign_in.proof()
        answer = await self._once(opened.http, asked, call, proof)
        if isinstance(answer, Refused) and self._is_void(answer):
            proof = await opened.sign_in.proof(instead_of=proof)
            answer = await self._once(opened.http, asked, call, proof)
        if isinstance(answer, Refused):
            raise error_of(answer, call, url)
        return answer

    def _is_void(self, refused: Refused) -> bool:
        """Say whether a new sign-in may help: the token or ticket has ended, or the token against forged requests."""
        if refused.status == HTTPStatus.FORBIDDEN:
            return self._settings.csrf is not None
        return is_void(refused.status, refused.body)

    async def _once(self, http: httpx.AsyncClient, asked: _Asked, call: Call, proof: Proof) -> Answer | Refused:
        request = self._request(http, asked, call, proof)
        try:
            answer = await http.send(request, stream=True)
            try:
                return await self._read(answer, call, asked.url)
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            raise unreachable(error, call, asked.url) from None

    def _request(self, http: httpx.AsyncClient, asked: _Asked, call: Call, proof: Proof) -> httpx.Request:
        wait = (call.timeout or self._settings.timeout).total_seconds()
        content = asked.content() if callable(asked.content) else asked.content
        try:
            return http.build_request(
                asked.method,
                asked.url,
                params=list(asked.params) or None,
                headers={**asked.headers, **proof.headers},
                content=content,
                files=list(asked.files) or None,
                timeout=httpx.Timeout(wait, connect=self._settings.connect_timeout.total_seconds()),
            )
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise MisconfiguredError(
                f"{call.service}: what it is to be asked is no address that can be called, or no header; look at the "
                "connection's settings and the design's"
            ) from None

    async def _read(self, answer: httpx.Response, call: Call, at: str) -> Answer | Refused:
        ids = self._ids(answer)
        if answer.is_success or answer.status_code in call.also:
            body = await body_of(answer, largest=call.largest_answer)
            if len(body) > call.largest_answer:
                raise too_large(call, at)
            return Answer(status=answer.status_code, media_type=_media_type(answer), body=body, ids=ids)
        body = await body_of(answer, largest=_LARGEST_REFUSAL)
        return Refused(status=answer.status_code, body=body, retry_after=retry_after(answer.headers), ids=ids)

    def _ids(self, answer: httpx.Response) -> Mapping[str, str]:
        told = {name: answer.headers.get(name, "") for name in self._settings.trace_headers}
        return {name: value for name, value in told.items() if _ID.fullmatch(value)}

    def _opened(self) -> _Open:
        """Return the wire, opened on first use. Raises MisconfiguredError."""
        if self._open is None:
            ca_file = self._settings.ca_file
            http = open_client(self._project_folder / ca_file if ca_file is not None else None)
            # Without it Orchestration answers with the list of all outputs, so nobody but a caller says it.
            del http.headers["Accept"]
            self._open = _Open(http=http, sign_in=SignIn(self._settings, http))
        return self._open


def _media_type(answer: httpx.Response) -> str:
    told: str = answer.headers.get("Content-Type", "")
    return told.partition(";")[0].strip().lower()
