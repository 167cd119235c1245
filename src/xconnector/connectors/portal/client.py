"""The wire to the portal: one request per document, answers of bounded size, no redirects."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec

from xconnector.connectors.portal.settings import PortalSettings
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.http_refusal import error_of_status

_LARGEST_ANSWER = 64 * 1024
_LONGEST_REFERENCE = 200
_REFUSED_CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_NO_PORTAL = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})
_REASONS: Mapping[int, str] = {
    HTTPStatus.CONFLICT: "it has another document under this dispatch key, and keeps that",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the document is larger than it takes",
}


class PortalClient:
    """The portal, opened."""

    def __init__(self, settings: PortalSettings) -> None:
        self._portal = settings.url.rstrip("/")
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {settings.key.get_secret_value()}"},
            timeout=settings.timeout.total_seconds(),
            # An answer that sends us elsewhere would take the key and the document along.
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
        """Prove address and key without publishing anything. Raises one of the four errors."""
        await self._ask("GET", "/portal/documents")

    async def publish(
        self,
        dispatch_key: str,
        document: bytes,
        *,
        sha256: str,
        language: str,
        communication_id: UUID,
        communication: str,
        customer_key: str,
        title: str,
    ) -> str:
        """Publish a document and return the portal's name for it; doing it again changes nothing.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        headers = {
            "Content-Type": "application/pdf",
            "Content-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode('ascii')}:",
            "Content-Language": language,
            "XConnector-Communication-Id": str(communication_id),
            "XConnector-Communication": quote(communication, safe=""),
            "XConnector-Customer-Key": quote(customer_key, safe=""),
            "XConnector-Title": quote(title, safe=""),
        }
        answer = await self._ask(
            "PUT", f"/portal/documents/{quote(dispatch_key, safe='')}", content=document, headers=headers
        )
        return _reference(answer) or dispatch_key

    async def withdraw(self, dispatch_key: str) -> None:
        """Withdraw a document; doing it again changes nothing.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        await self._ask("DELETE", f"/portal/documents/{quote(dispatch_key, safe='')}")

    async def _ask(
        self, method: str, path: str, *, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        """Return the body of a success. Repeating is always safe here, so whatever got lost is transient."""
        try:
            async with self._http.stream(method, self._portal + path, content=content, headers=headers) as answer:
                self._refuse(answer)
                return await self._body(answer)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise TransientError(
                f"the portal {self._portal} cannot be reached: does it run, and is the address right?"
            ) from None
        except httpx.TimeoutException:
            raise TransientError(f"the portal {self._portal} did not answer in time", may_have_arrived=True) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise MisconfiguredError("the portal's `url` is no address that can be called") from None
        except httpx.HTTPError:
            raise TransientError(f"the answer of the portal {self._portal} was lost", may_have_arrived=True) from None

    def _refuse(self, answer: httpx.Response) -> None:
        if not answer.is_success:
            raise self._error(answer)

    def _error(self, answer: httpx.Response) -> ConnectorError:
        """Return what a status means. What the portal says besides may hold content and is not read."""
        status = answer.status_code
        told = f"the portal {self._portal} answers {status}"
        if status in _REFUSED_CREDENTIALS:
            return MisconfiguredError(f"{told}: correct `key`, or allow it to publish")
        if status == HTTPStatus.NOT_FOUND and answer.request.method == "DELETE":
            return PermanentError(f"{told}: it never had this document")
        if answer.is_redirect or status in _NO_PORTAL:
            return MisconfiguredError(f"{told}: `url` is not where it takes documents; redirects are not followed")
        if status in _REASONS:
            return PermanentError(f"{told}: {_REASONS[status]}")
        return error_of_status(f"the portal {self._portal}", status, answer.headers, repeats_safely=True)

    async def _body(self, answer: httpx.Response) -> bytes:
        body = b""
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > _LARGEST_ANSWER:
                raise TransientError(
                    f"the portal {self._portal} answers with more than {_LARGEST_ANSWER} bytes", may_have_arrived=True
                )
        return body


class _Answer(msgspec.Struct):
    reference: str = ""


def _reference(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Answer).reference[:_LONGEST_REFERENCE]
    except msgspec.DecodeError:
        return ""
