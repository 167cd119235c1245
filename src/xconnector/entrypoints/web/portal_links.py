"""`/portal/links`: where a site on which customers sign in gets links to the documents of who has just done so."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from xconnector.domain.keys import Purpose
from xconnector.domain.portal_link import PortalLink, PortalSecrets
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.refusals import Refusal, documented
from xconnector.operations.portal import customer_link


class WantedLink(BaseModel):
    """For whom, and for how long."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    customer_key: Annotated[str, Field(min_length=1, max_length=300)]
    """Whose documents; the site has proven who they are."""
    minutes: Annotated[int, Field(ge=1, le=60)] = 15
    """How long the link is good."""


class MadeLink(BaseModel):
    """A link to be followed at once."""

    path: str
    """Where the documents are, below the address of this web."""
    expires_at: datetime


def link_routes(secrets: PortalSecrets, callers: Callers) -> APIRouter:
    """Return the call with which links for people who have signed in are made."""
    routes = APIRouter(tags=["portal"])
    caller = callers.known(Purpose.PORTAL)

    @routes.post(
        "/portal/links",
        summary="Make a link for a customer who has signed in",
        status_code=HTTPStatus.CREATED,
        response_description="The link. What is opened with it counts as seen by a person signed in.",
        responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def post(_: Annotated[str, Depends(caller)], wanted: WantedLink) -> MadeLink:
        """Keeps nothing. Send the customer there at once: who holds the link sees what it opens."""
        expires_at = (datetime.now(UTC) + timedelta(minutes=wanted.minutes)).replace(microsecond=0)
        link = PortalLink(customer_key=wanted.customer_key, expires_at=expires_at, is_signed_in=True)
        try:
            return MadeLink(path=customer_link(secrets, link), expires_at=expires_at)
        except ValueError as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None

    return routes
