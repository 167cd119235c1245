"""The wire to Lob: one request per letter, answers of bounded size, no redirects."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpx
import msgspec

from xconnector.connectors.lob.settings import LobSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.http_refusal import error_of_status

_LARGEST_ANSWER = 256 * 1024
_VERSION = "2024-01-01"


class _Letter(msgspec.Struct):
    id: str


class _Error(msgspec.Struct):
    code: str = ""


class _Refused(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class LobClient:
    """One account, opened."""

    def __init__(self, settings: LobSettings) -> None:
        self._service = f"Lob ({settings.url})"
        self._letters = f"{settings.url}/v1/letters"
        self._http = httpx.AsyncClient(
            auth=(settings.api_key.get_secret_value(), ""),
            headers={"Lob-Version": _VERSION},
            timeout=settings.timeout.total_seconds(),
            limits=httpx.Limits(max_connections=settings.at_once, max_keepalive_connections=settings.at_once),
            # An answer that sends us elsewhere would take the key and the letter along.
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

    async def knock(self) -> None:
        """Prove address and key without printing anything. Raises one of the four errors."""
        await self._ask(self._http.build_request("GET", self._letters, params={"limit": "1"}))

    async def hand_over(self, dispatch_key: str, form: Mapping[str, str], letter: bytes) -> str:
        """Hand over a letter and return Lob's name for it; under the same key it prints one.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        request = self._http.build_request(
            "POST",
            self._letters,
            data=form,
            files={"file": ("letter.pdf", letter, "application/pdf")},
            headers={"Idempotency-Key": dispatch_key},
        )
        body = await self._ask(request)
        try:
            return msgspec.json.decode(body, type=_Letter).id
        except msgspec.DecodeError:
            raise TransientError(f"{self._service} took something and did not name it") from None

    async def _ask(self, request: httpx.Request) -> bytes:
        """Return the body of a success. Repeating under one key is safe, so whatever got lost is transient."""
        try:
            answer = await self._http.send(request, stream=True)
            try:
                body = await _body(answer)
            finally:
                await answer.aclose()
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise MisconfiguredError("`url` is no address that can be called") from None
        except httpx.HTTPError:
            raise TransientError(f"{self._service} cannot be reached, or its answer was lost") from None
        if not answer.is_success:
            raise self._error(answer, body)
        return body

    def _error(self, answer: httpx.Response, body: bytes) -> ConnectorError:
        """Return what a refusal means. Its words may hold the address and are not told, its code is."""
        error = error_of_status(self._service, answer.status_code, answer.headers, repeats_safely=True)
        code = _code(body)
        return PermanentError(f"{error}: {code}") if isinstance(error, PermanentError) and code else error


def _code(body: bytes) -> str:
    try:
        told = msgspec.json.decode(body, type=_Refused).error.code
    except msgspec.DecodeError:
        return ""
    return told if told.replace("_", "").isalnum() and told.isascii() else ""


async def _body(answer: httpx.Response) -> bytes:
    """Return the beginning of the body, which is all of it in every sensible answer."""
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            break
    return body[:_LARGEST_ANSWER]
