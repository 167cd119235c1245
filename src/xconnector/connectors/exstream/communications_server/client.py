"""The wire to gateway and broker: one request, an answer of bounded size, no redirects.

What is asked here composes and nothing leaves, so whatever got lost is transient.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from xconnector.connectors.exstream.communications_server.settings import AskedService
from xconnector.connectors.exstream.wire import is_distrust, open_client
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.http_refusal import retry_after

_LARGEST_REFUSAL = 1024 * 1024
_CONNECT_TIMEOUT = 10.0
"""Seconds."""
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_GONE = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
_REFUSED_CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is asked, in an operator's words."""

    name: str
    """Such as `the Service Gateway`."""
    url: str
    """Without query: it may stand in messages."""
    remedy: str
    """What to correct when it refuses us, such as "correct `sign_in`"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server says, whatever its status."""

    status: int
    body: bytes = field(repr=False)
    retry_after: timedelta | None

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Client:
    """One connection to a server."""

    def __init__(self, settings: AskedService, *, project_folder: Path) -> None:
        self._settings = settings
        self._ca_file = project_folder / settings.ca_file if settings.ca_file is not None else None
        self._opened: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        if self._opened is not None:
            await self._opened.aclose()
            self._opened = None

    async def ask(
        self,
        method: str,
        peer: Peer,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: timedelta | None = None,  # noqa: ASYNC109 - the wire's own time-out, not one around it
    ) -> Answer:
        """Return the answer with its whole body.

        Raises TransientError, MisconfiguredError, or PermanentError for an answer that is larger than allowed.
        """
        wait = (timeout or self._settings.timeout).total_seconds()
        # Compressed answers could grow beyond every bound while they are unpacked.
        headers = {**(headers or {}), "Accept-Encoding": "identity"}
        try:
            request = self._http().build_request(
                method,
                peer.url,
                params=params,
                headers=headers,
                content=content,
                timeout=httpx.Timeout(wait, connect=min(wait, _CONNECT_TIMEOUT)),
            )
            # The client's own time-outs are of each piece: drop by drop, an answer could take for ever.
            async with asyncio.timeout(wait):
                answer = await self._http().send(request, stream=True)
                try:
                    return await self._read(answer, peer)
                finally:
                    await answer.aclose()
        except TimeoutError:
            raise TransientError(_too_slow(peer)) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeEncodeError):
            raise MisconfiguredError(f"{peer.name}: its address is none that can be called; correct `url`") from None
        except httpx.HTTPError as error:
            raise _unreachable(error, peer) from None

    async def _read(self, answer: httpx.Response, peer: Peer) -> Answer:
        if answer.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
            raise MisconfiguredError(
                f"{peer.name} at {peer.url} answers compressed although it is asked not to: switch that off"
            )
        largest = int(self._settings.largest_answer) if answer.is_success else _LARGEST_REFUSAL
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > largest:
                raise PermanentError(
                    f"{peer.name} at {peer.url} answers {answer.status_code} with more than {largest} bytes: "
                    "raise `largest_answer` if documents may be that large"
                )
        return Answer(
            status=answer.status_code,
            body=bytes(body),
            retry_after=retry_after(answer.headers),
        )

    def _http(self) -> httpx.AsyncClient:
        """Return the client, opened on first use. Raises MisconfiguredError."""
        if self._opened is None:
            self._opened = open_client(self._ca_file)
        return self._opened


def refuse_knock(answer: Answer, peer: Peer) -> None:
    """Raise what an answer means by which nobody can be at home, or who does not let us in.

    Services that take POST only say no to a knock, and are there all the same.
    """
    status = answer.status
    is_elsewhere = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    if is_elsewhere or status in _REFUSED_CREDENTIALS or status in _GONE:
        raise refusal(answer, peer)


def refusal(answer: Answer, peer: Peer) -> ConnectorError:
    """Return what an answer that is no success means. What it says besides may hold content and is not told."""
    status = answer.status
    told = f"{peer.name} at {peer.url} answers {status}"
    if status in _REFUSED_CREDENTIALS:
        return MisconfiguredError(f"{told}: {peer.remedy}")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return MisconfiguredError(f"{told}: it points elsewhere, and redirects are not followed; correct `url`")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
        return TransientError(f"{told}: it takes nothing at the moment", retry_after=answer.retry_after)
    if status >= HTTPStatus.BAD_REQUEST:
        return PermanentError(f"{told}: it does not take this request")
    return TransientError(f"{told}, which is no answer to this request")


def _too_slow(peer: Peer) -> str:
    return f"{peer.name} at {peer.url} did not answer in time: raise `timeout` if it needs longer"


def _unreachable(error: httpx.HTTPError, peer: Peer) -> ConnectorError:
    where = f"{peer.name} at {peer.url}"
    if is_distrust(error):
        return MisconfiguredError(f"{where} shows a certificate that is not trusted: name its `ca_file`")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout):
        return TransientError(f"{where} cannot be reached: does it run, and is the address right?")
    if isinstance(error, httpx.TimeoutException):
        return TransientError(_too_slow(peer))
    return TransientError(f"{where} broke off before its answer was whole")
