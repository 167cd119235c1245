"""`/unsubscribe/{connection}/{token}`: where recipients of promotional mails say no more (RFC 8058).

Following the address changes nothing: scanners do so too. The mailbox's own button and ours are a `POST`, which is kept
as a report of the hand-over, and so as a withdrawal of the consent, before it is answered.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from xconnector.contract.mail.settings import MailSettings
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.domain.reference_token import TOKEN_LENGTH, Purpose, verified
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.pages import Pages
from xconnector.entrypoints.web.reading import OUTAGES, page_of
from xconnector.entrypoints.web.refusals import COME_AGAIN_AFTER
from xconnector.entrypoints.web.reports import CONNECTION_NAME
from xconnector.entrypoints.web.words import Words, preferred, words_for
from xconnector.execution.failing import describe
from xconnector.pipeline.track import keep_reports
from xconnector.pipeline.workplace import Workplace

logger = logging.getLogger("xconnector.web")

_HTML: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_STOPS: dict[int | str, dict[str, Any]] = {
    int(HTTPStatus.NOT_FOUND): {"description": "The link was not made here.", **_HTML},
    int(HTTPStatus.SERVICE_UNAVAILABLE): {"description": "Not at the moment.", **_HTML},
}
ConnectionName = Annotated[str, Path(pattern=CONNECTION_NAME)]
Token = Annotated[str, Path(min_length=TOKEN_LENGTH, max_length=TOKEN_LENGTH)]


def unsubscribing_routes(place: Workplace, limits: WebLimits) -> APIRouter:
    """Return the page that the links of `List-Unsubscribe` open, and what its button does."""
    routes = APIRouter(tags=["unsubscribing"])
    pages = Pages(place.project)
    patience = limits.database_patience.total_seconds()

    @routes.get(
        "/unsubscribe/{connection}/{token}",
        summary="Ask whether somebody wants no more offers",
        response_class=HTMLResponse,
        response_description="The page with the button. Nothing is changed.",
        responses=_STOPS,
    )
    async def ask(request: Request, connection: ConnectionName, token: Token) -> Response:
        words = _words(request, place)
        if _dispatch_key(place, connection, token) is None:
            return page_of(pages.unknown(words), HTTPStatus.NOT_FOUND)
        return page_of(pages.unsubscribe(words), HTTPStatus.OK)

    @routes.post(
        "/unsubscribe/{connection}/{token}",
        summary="Say no more, by one click",
        response_class=HTMLResponse,
        response_description="The consent is withdrawn, durably; again changes nothing.",
        responses=_STOPS,
    )
    async def unsubscribe(request: Request, connection: ConnectionName, token: Token) -> Response:
        words = _words(request, place)
        dispatch_key = _dispatch_key(place, connection, token)
        if dispatch_key is None:
            return page_of(pages.unknown(words), HTTPStatus.NOT_FOUND)
        said = DeliveryEvent(
            dispatch_key=dispatch_key,
            type=DeliveryEventType.UNSUBSCRIBED,
            # Pressed again within a minute it is said once.
            occurred_at=place.now().replace(second=0, microsecond=0),
            detail="one click",
        )
        try:
            async with asyncio.timeout(patience):
                await keep_reports(place, [said])
        except OUTAGES as error:
            logger.error("nobody can unsubscribe: %s", describe(error))  # noqa: TRY400 - its words may hold content
            later = page_of(pages.later(words), HTTPStatus.SERVICE_UNAVAILABLE)
            later.headers["Retry-After"] = str(COME_AGAIN_AFTER)
            return later
        return page_of(pages.unsubscribed(words), HTTPStatus.OK)

    return routes


def _words(request: Request, place: Workplace) -> Words:
    return words_for([*preferred(request.headers.get("accept-language", "")), place.project.locale.language])


def _dispatch_key(place: Workplace, connection: str, token: str) -> str | None:
    """Return the hand-over that a token of this connection names; None where it was not signed for this."""
    known = place.project.connections.get(connection)
    if known is None or not isinstance(known.settings, MailSettings):
        return None
    secret = known.settings.token_secret.get_secret_value().encode()
    return verified(token, Purpose.UNSUBSCRIBE, secret) if token.isascii() else None
