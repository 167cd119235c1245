"""`POST /hooks/{connection}`: outside systems send events in their own words; durable before it is answered."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from xconnector.contract.errors import ConnectorError
from xconnector.contract.webhook_source import (
    UnprovenError,
    WebhookOutcome,
    WebhookRequest,
    WebhookSource,
)
from xconnector.domain.event import BadRecord, RecordFate, SourceRecord
from xconnector.entrypoints.web.bodies import Bodies
from xconnector.entrypoints.web.events import Intake, settled_by
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.pressure import Pressure
from xconnector.entrypoints.web.protocol import CERTIFICATE
from xconnector.entrypoints.web.refusals import Refusal, come_again, documented
from xconnector.entrypoints.web.reports import CONNECTION_NAME
from xconnector.entrypoints.web.straight import StraightRoute
from xconnector.entrypoints.web.unproven import Unproven
from xconnector.pipeline.receive import Fed
from xconnector.pipeline.speaking import speaking_for
from xconnector.pipeline.workplace import Workplace
from xconnector.project.model import Feed
from xconnector.store.inbox import Received

_QUICKLY_READ = 64 * 1024
"""Bytes."""


def hook_routes(place: Workplace, intake: Intake, pressure: Pressure, bodies: Bodies, limits: WebLimits) -> APIRouter:
    """Return the intake of webhooks."""
    routes = APIRouter(tags=["events"], route_class=StraightRoute)
    unproven = Unproven()

    @routes.post(
        "/hooks/{connection}",
        summary="Hand in events in the words of the connection's own product",
        response_class=Response,
        response_description="Everything is kept, or had been kept before.",
        responses=documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        openapi_extra=_REQUEST,
    )
    async def hand_in(request: Request, connection: Annotated[str, Path(pattern=CONNECTION_NAME)]) -> Response:
        """Who sent it is proven as the connection's settings ask for; without proof nothing is kept but a count."""
        source = _source(place, connection)
        async with AsyncExitStack() as held:
            # Whoever proves nothing takes no place of those that are proven.
            async with pressure.before_proof():
                body = await held.enter_async_context(bodies.read(request, largest=source.largest))
                reading = partial(_proven_records, place, connection, source, _told(request, body))
                try:
                    # A large one would keep everybody else waiting.
                    fed = await asyncio.to_thread(reading) if len(body) > _QUICKLY_READ else reading()
                except UnprovenError as wrong:
                    unproven.count(connection, str(wrong))
                    raise Refusal(HTTPStatus.UNAUTHORIZED, "unauthorized", headers=_CHALLENGE) from None
            await held.enter_async_context(pressure.let_in())
            request.state.caller = connection
            pressure.count(f"connection {connection}")
            settled = await settled_by(intake, fed, limits)
        answer = source.answer(_outcome(settled))
        return Response(answer.body, status_code=answer.status, media_type=answer.content_type)

    return routes


def _source(place: Workplace, name: str) -> WebhookSource:
    """Return what reads the requests of this connection. Raises Refusal."""
    try:
        source = place.connections.webhook_source(name)
    except ConnectorError:
        raise come_again(
            "the connection cannot be used as it is set up; `xconnector connections check` says why"
        ) from None
    if source is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "the project has no connection of this name that takes webhooks")
    return source


def _told(request: Request, body: bytes) -> WebhookRequest:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return WebhookRequest(
        headers=headers,
        body=body,
        query=dict(request.query_params),
        peer=None if request.client is None else request.client.host,
        certificate=request.scope.get("state", {}).get(CERTIFICATE),
    )


def _proven_records(place: Workplace, connection: str, source: WebhookSource, request: WebhookRequest) -> Sequence[Fed]:
    """Return the records of a request with their feeds. Raises UnprovenError."""
    source.prove(request, now=place.now())
    feeds = place.project.feeds_of_connection(connection)
    read = source.read(request, source=connection, event_type="" if source.tells_type else feeds[0].event)
    heard = speaking_for(place.project.speakers, connection, read)
    return [_fed(record, connection, feeds) for record in heard]


def _fed(record: SourceRecord | BadRecord, connection: str, feeds: Sequence[Feed]) -> Fed:
    if isinstance(record, BadRecord):
        return record, feeds[0] if len(feeds) == 1 else None
    fitting = [feed for feed in feeds if feed.event == record.event_type]
    if feeds and not fitting:
        reason = "no feed of its connection takes events of this type; add one, and let the sender send it again"
        return _set_aside(record, reason), None
    # A connection without feeds is for all that come with a key as well: the type tells, in the main path.
    return replace(record, handed_in_by=connection), next(iter(fitting), None)


def _set_aside(record: SourceRecord, reason: str) -> BadRecord:
    return BadRecord(
        source=record.source,
        source_key=record.source_key,
        payload=record.payload,
        reason=reason,
        position=record.position,
    )


def _outcome(settled: Sequence[Received | BaseException]) -> WebhookOutcome:
    """Return how the intake ended. Raises Refusal where a record failed here and was not taken."""
    if any(isinstance(result, BaseException) for result in settled):
        raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "this failed here, and operations can see it; send it again")
    bad = {RecordFate.SET_ASIDE, RecordFate.REFUSED}
    is_bad = any(isinstance(result, Received) and result.fate in bad for result in settled)
    return WebhookOutcome.SET_ASIDE if is_bad else WebhookOutcome.TAKEN


_CHALLENGE = {"WWW-Authenticate": 'Webhook realm="hooks"'}
_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            name: {"schema": {"description": "In the words of the product that sends it."}}
            for name in ("application/json", "text/xml", "application/x-www-form-urlencoded")
        },
    }
}
