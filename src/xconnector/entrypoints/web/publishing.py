"""`/portal/documents`: where channels publish documents on the portal, and withdraw them."""

import base64
import hmac
import re
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from xconnector.domain.document import content_digest
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.bodies import Bodies
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal, documented
from xconnector.operations.portal import Publication, Published, publish, withdraw_document
from xconnector.pipeline.workplace import Workplace

DISPATCH_KEY = r"^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$"
PDF = "application/pdf"
_MOST_CHARACTERS = 300
_MOST_ENCODED = _MOST_CHARACTERS * len("%F0%9F%93%84")
_DIGEST = re.compile(r"(?:^|,)[ \t]*sha-256=:(?P<digest>[A-Za-z0-9+/]{43}=):[ \t]*(?:,|$)", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class PublishedAnswer(BaseModel):
    """The document is published."""

    reference: str
    """The portal's name for it."""


class PublicationHead(BaseModel):
    """What the headers say of a document; texts beyond ASCII are percent-encoded UTF-8."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    digest: Annotated[str, Field(alias="Content-Digest", max_length=1000)]
    """`sha-256=:<base64>:` of the body (RFC 9530)."""
    language: Annotated[
        str, Field(alias="Content-Language", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=35)
    ]
    communication_id: Annotated[UUID, Field(alias="XConnector-Communication-Id")]
    communication: Annotated[str, Field(alias="XConnector-Communication", max_length=_MOST_ENCODED)]
    """What kind of communication it is."""
    customer_key: Annotated[str, Field(alias="XConnector-Customer-Key", max_length=_MOST_ENCODED)]
    """Whose document it is."""
    title: Annotated[str, Field(alias="XConnector-Title", max_length=_MOST_ENCODED)]
    """What the customer reads in the list."""


def publishing_routes(place: Workplace, callers: Callers, bodies: Bodies, limits: WebLimits) -> APIRouter:
    """Return the calls with which documents are published."""
    routes = APIRouter(tags=["portal"])
    caller = callers.known(Purpose.PORTAL)

    @routes.get(
        "/portal/documents",
        summary="Prove a key",
        status_code=HTTPStatus.NO_CONTENT,
        response_description="The key opens the portal. Nothing is published, nothing is listed.",
        responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def knock(_: Annotated[str, Depends(caller)]) -> None:
        pass

    @routes.put(
        "/portal/documents/{dispatch_key}",
        summary="Publish a document",
        status_code=HTTPStatus.CREATED,
        response_description="The document is published, durably.",
        responses={
            int(HTTPStatus.OK): {
                "model": PublishedAnswer,
                "description": "The very same document was published before; nothing was done again.",
            },
            **documented(
                HTTPStatus.BAD_REQUEST,
                HTTPStatus.UNAUTHORIZED,
                HTTPStatus.REQUEST_TIMEOUT,
                HTTPStatus.CONFLICT,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                HTTPStatus.UNPROCESSABLE_ENTITY,
                HTTPStatus.SERVICE_UNAVAILABLE,
            ),
        },
        openapi_extra=_REQUEST,
    )
    async def put(
        request: Request,
        response: Response,
        _: Annotated[str, Depends(caller)],
        dispatch_key: Annotated[str, Path(pattern=DISPATCH_KEY)],
        head: Annotated[PublicationHead, Header()],
    ) -> PublishedAnswer:
        """Idempotent by dispatch key: the first document under a key stays."""
        _refuse_other_kinds(request)
        expected = _digest(head.digest)
        communication = _text("communication", head.communication)
        customer_key = _text("customer key", head.customer_key)
        title = _text("title", head.title)
        async with bodies.read(request, largest=limits.document) as body:
            _refuse_other_content(body, expected)
            publication = Publication(
                dispatch_key=dispatch_key,
                communication_id=head.communication_id,
                communication=communication,
                customer_key=customer_key,
                title=title,
                language=head.language.lower(),
                content=body,
            )
            published = await publish(place.pool, place.content, publication)
        if published is Published.REFUSED:
            raise Refusal(HTTPStatus.CONFLICT, "another document is published under this dispatch key, and stays")
        if published is Published.REPEATED:
            response.status_code = HTTPStatus.OK
        return PublishedAnswer(reference=dispatch_key)

    @routes.delete(
        "/portal/documents/{dispatch_key}",
        summary="Withdraw a document",
        status_code=HTTPStatus.NO_CONTENT,
        response_description="Nobody sees the document any more. Its dispatch key stays taken.",
        responses=documented(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    )
    async def delete(
        _: Annotated[str, Depends(caller)], dispatch_key: Annotated[str, Path(pattern=DISPATCH_KEY)]
    ) -> None:
        """Idempotent: withdrawing what is withdrawn changes nothing."""
        if not await withdraw_document(place.pool, dispatch_key):
            raise Refusal(HTTPStatus.NOT_FOUND, "no document was ever published under this dispatch key")

    return routes


def _refuse_other_kinds(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PDF:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"documents are published as {PDF}")


def _digest(field: str) -> bytes:
    """Return the SHA-256 of a Content-Digest field (RFC 9530). Raises Refusal."""
    found = _DIGEST.search(field)
    if found is None:
        raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Digest has no `sha-256=:<base64>:` (RFC 9530)")
    return base64.b64decode(found["digest"])


def _text(name: str, value: str) -> str:
    try:
        value.encode("ascii")
        text = unquote(value, errors="strict")
    except UnicodeError:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"the {name} is no percent-encoded UTF-8") from None
    if not text.strip() or len(text) > _MOST_CHARACTERS or _CONTROLS.search(text):
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            f"the {name} is empty, has more than {_MOST_CHARACTERS} characters, or control characters",
        )
    return text


def _refuse_other_content(body: bytes, expected: bytes) -> None:
    if not hmac.compare_digest(bytes.fromhex(content_digest(body)), expected):
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the body does not match its Content-Digest; send it again")
    if not body.startswith(b"%PDF-"):
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the body is no PDF")


_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
    }
}
