"""`/portal/{token}`: where customers read their documents, with a signed link that expires.

Following an address changes nothing and counts nothing: mail scanners and preview robots do so too. Opening a
document is a press of a button (POST), which is kept as seen before the document is shown.
"""

import asyncio
import logging
import re
import unicodedata
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from xconnector.domain.portal_link import PortalLink, PortalLinkError, PortalSecrets
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.pages import Pages, document_address
from xconnector.entrypoints.web.refusals import COME_AGAIN_AFTER
from xconnector.entrypoints.web.words import Words, preferred, words_for
from xconnector.execution.failing import describe
from xconnector.operations.portal import MOST_SHOWN, content_of, document_of, documents_of
from xconnector.pipeline.viewing import keep_view
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import DatabaseUnreachableError
from xconnector.store.content import DamagedContentError
from xconnector.store.portal import PublishedDocument

logger = logging.getLogger("xconnector.web")

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_CHUNK = 64 * 1024
_HTML: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_STOPS: dict[int | str, dict[str, Any]] = {
    int(HTTPStatus.NOT_FOUND): {"description": "The link opens nothing.", **_HTML},
    int(HTTPStatus.GONE): {"description": "The link has expired.", **_HTML},
    int(HTTPStatus.SERVICE_UNAVAILABLE): {"description": "Not at the moment.", **_HTML},
}


def reading_routes(place: Workplace, secrets: PortalSecrets, limits: WebLimits) -> APIRouter:
    """Return the pages that a signed link opens."""
    routes = APIRouter(tags=["portal"])
    reading = _Reading(place, secrets, limits)

    @routes.get(
        "/portal/{token}",
        summary="A customer's documents",
        response_class=HTMLResponse,
        response_description="The list.",
        responses=_STOPS,
    )
    async def documents(request: Request, token: str) -> Response:
        return await reading.documents(request, token)

    @routes.get(
        "/portal/{token}/documents/{dispatch_key}",
        summary="One of a customer's documents",
        response_class=Response,
        response_description="The document.",
        responses={int(HTTPStatus.OK): {"content": {"application/pdf": _BINARY}}, **_STOPS},
    )
    async def document(request: Request, token: str, dispatch_key: str) -> Response:
        return await reading.document(request, token, dispatch_key)

    @routes.post(
        "/portal/{token}/documents/{dispatch_key}",
        summary="Open one of a customer's documents",
        status_code=HTTPStatus.SEE_OTHER,
        response_class=Response,
        response_description="It is kept that somebody looked at the document, which is elsewhere: here, to be read.",
        responses=_STOPS,
    )
    async def opened(request: Request, token: str, dispatch_key: str) -> Response:
        return await reading.opened(request, token, dispatch_key)

    return routes


OUTAGES = (DatabaseUnreachableError, TimeoutError)


class _Reading:
    def __init__(self, place: Workplace, secrets: PortalSecrets, limits: WebLimits) -> None:
        self._place = place
        self._secrets = secrets
        self._patience = limits.database_patience.total_seconds()
        self._pages = Pages(place.project)
        self._language = place.project.locale.language
        self._timezone = ZoneInfo(place.project.locale.timezone)

    async def documents(self, request: Request, token: str) -> Response:
        asked_in = self._asked_in(request)
        link = self._opened(token, words_for(asked_in))
        if isinstance(link, Response):
            return link
        try:
            async with asyncio.timeout(self._patience):
                found = await documents_of(self._place.pool, link.customer_key)
        except OUTAGES as error:
            return self._later(words_for(asked_in), error)
        # In the language in which we last wrote to this customer.
        words = words_for([*(row.language for row in found[:1]), *asked_in])
        page = self._pages.documents(words, link, token, found, is_cut=len(found) == MOST_SHOWN)
        return page_of(page, HTTPStatus.OK)

    async def document(self, request: Request, token: str, dispatch_key: str) -> Response:
        words = words_for(self._asked_in(request))
        link = self._opened(token, words)
        if isinstance(link, Response):
            return link
        try:
            async with asyncio.timeout(self._patience):
                found = await document_of(self._place.pool, link.customer_key, dispatch_key)
                content = b"" if found is None else await content_of(self._place.content, found)
        except (*OUTAGES, DamagedContentError) as error:
            return self._later(words, error)
        if found is None:
            return page_of(self._pages.unknown(words), HTTPStatus.NOT_FOUND)
        return StreamingResponse(
            _chunks(content),
            media_type="application/pdf",
            headers={
                "Content-Length": str(len(content)),
                "Content-Disposition": _disposition(found, self._timezone),
            },
        )

    async def opened(self, request: Request, token: str, dispatch_key: str) -> Response:
        words = words_for(self._asked_in(request))
        link = self._opened(token, words)
        if isinstance(link, Response):
            return link
        try:
            async with asyncio.timeout(self._patience):
                found = await document_of(self._place.pool, link.customer_key, dispatch_key)
                if found is not None:
                    await keep_view(self._place, found, is_signed_in=link.is_signed_in)
        except OUTAGES as error:
            return self._later(words, error)
        if found is None:
            return page_of(self._pages.unknown(words), HTTPStatus.NOT_FOUND)
        return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": document_address(token, found)})

    def _opened(self, token: str, words: Words) -> PortalLink | Response:
        try:
            link = self._secrets.read(token)
        except PortalLinkError:
            return page_of(self._pages.unknown(words), HTTPStatus.NOT_FOUND)
        if link.is_expired(datetime.now(UTC)):
            return page_of(self._pages.expired(words), HTTPStatus.GONE)
        return link

    def _asked_in(self, request: Request) -> list[str]:
        return [*preferred(request.headers.get("accept-language", "")), self._language]

    def _later(self, words: Words, error: Exception) -> Response:
        logger.error("the portal cannot show documents: %s", _told(error))
        page = page_of(self._pages.later(words), HTTPStatus.SERVICE_UNAVAILABLE)
        page.headers["Retry-After"] = str(COME_AGAIN_AFTER)
        return page


def _told(error: Exception) -> str:
    """Return the words of errors whose words are ours, else kind and place."""
    return str(error) if isinstance(error, DamagedContentError) else describe(error)


_BINARY = {"schema": {"type": "string", "format": "binary"}}


def page_of(page: str, status: HTTPStatus) -> HTMLResponse:
    """Return a page that nothing inline and nothing of others can be brought into."""
    return HTMLResponse(
        page,
        status_code=status,
        headers={"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept-Language"},
    )


async def _chunks(content: bytes) -> AsyncGenerator[bytes]:
    """Piece by piece, so that a slow reader is cut off in time."""
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]


def _disposition(document: PublishedDocument, timezone: ZoneInfo) -> str:
    """Return a Content-Disposition field (RFC 6266) that names the file after date and title."""
    title = re.sub(r"[^\w.,()-]+", " ", document.title).strip(" .") or "document"
    name = f"{document.published_at.astimezone(timezone):%Y-%m-%d} {title[:100].strip()}.pdf"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
