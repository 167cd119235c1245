"""`POST /reports/{connection}`: outside systems tell what became of communications; kept before it is answered."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel

from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.contract.reporting import ReportsByWebhook
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.bodies import Bodies
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal, come_again, documented
from xconnector.pipeline.track import keep_reports
from xconnector.pipeline.workplace import Workplace

CONNECTION_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
_QUICKLY_READ = 64 * 1024
"""Bytes."""


class ReportsAnswer(BaseModel):
    """The reports are kept."""

    events: int
    """How many the request held; those that were known already count too."""


def report_routes(place: Workplace, callers: Callers, bodies: Bodies, limits: WebLimits) -> APIRouter:
    """Return the intake of delivery reports."""
    routes = APIRouter(tags=["reports"])
    caller = callers.known(Purpose.REPORTS)

    @routes.post(
        "/reports/{connection}",
        summary="Report what became of communications",
        status_code=HTTPStatus.ACCEPTED,
        response_description="Every event is kept, or had been kept before.",
        responses=documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        openapi_extra=_REQUEST,
    )
    async def report(
        request: Request,
        _: Annotated[str, Depends(caller)],
        connection: Annotated[str, Path(pattern=CONNECTION_NAME)],
    ) -> ReportsAnswer:
        """The body is in the words of the connection's own product; a repetition is answered like the first time.

        Events of unknown kinds, and of communications that are not known, are kept as they came.
        """
        reader = _reader(place, connection)
        async with bodies.read(request, largest=limits.report) as body:
            events = await _events(reader, dict(request.headers), body)
            await _keep(place, events, limits)
        return ReportsAnswer(events=len(events))

    return routes


def _reader(place: Workplace, name: str) -> ReportsByWebhook:
    """Return what reads the reports of this connection. Raises Refusal."""
    try:
        reader = place.connections.report_reader(name)
    except ConnectorError:
        raise come_again(
            "the connection cannot be used as it is set up; `xconnector connections check` says why"
        ) from None
    if reader is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "the project has no connection of this name that takes reports here")
    return reader


async def _events(reader: ReportsByWebhook, headers: Mapping[str, str], body: bytes) -> Sequence[DeliveryEvent]:
    """Return the events of a request. Raises Refusal."""
    try:
        if len(body) > _QUICKLY_READ:
            # A large one would keep everybody else waiting.
            return await asyncio.to_thread(reader.read_reports, headers, body)
        return reader.read_reports(headers, body)
    except PermanentError as unreadable:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(unreadable)) from None


async def _keep(place: Workplace, events: Sequence[DeliveryEvent], limits: WebLimits) -> None:
    try:
        async with asyncio.timeout(limits.database_patience.total_seconds()):
            await keep_reports(place, events)
    except TimeoutError:
        raise come_again("the database takes too long at the moment") from None


_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "description": "As the connection's product sends it: of Exstream a tracking event or a list."
                }
            }
        },
    }
}
