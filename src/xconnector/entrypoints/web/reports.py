"""`POST /reports/{connection}`: outside systems tell what became of communications; kept before it is answered."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.reporting import ReportsByWebhook, ReportWebhook
from xconnector.contract.webhook_source import UnprovenError
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.bodies import Bodies
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.gathering import Gathering
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.pressure import Pressure
from xconnector.entrypoints.web.refusals import Refusal, come_again, documented
from xconnector.entrypoints.web.straight import StraightRoute
from xconnector.entrypoints.web.unproven import Unproven
from xconnector.pipeline.provider_reports import Keeping, ReportRequest, take_requests
from xconnector.pipeline.track import keep_reports
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import DatabaseUnreachableError
from xconnector.store.report_requests import RawRequest

CONNECTION_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
_QUICKLY_READ = 64 * 1024
"""Bytes."""

T = TypeVar("T")
ReportIntake = Gathering[ReportRequest, Keeping]


class ReportsAnswer(BaseModel):
    """The reports are kept."""

    events: int
    """How many the request held; those that were known already count too."""


def report_intake_of(place: Workplace) -> ReportIntake:
    """Return the group commit through which providers' reports to this process are taken in."""
    return Gathering(partial(take_requests, place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where the bodies of requests lie while they are read."""

    proven: Bodies
    """Of callers with a key of ours."""
    unproven: Bodies
    """Of providers, of whom nobody knows before who they are."""
    pressure: Pressure


def report_routes(place: Workplace, intake: ReportIntake, callers: Callers, room: Room, limits: WebLimits) -> APIRouter:
    """Return the intake of delivery reports."""
    routes = APIRouter(tags=["reports"], route_class=StraightRoute)
    caller = callers.known(Purpose.REPORTS)
    unproven = Unproven()

    @routes.post(
        "/reports/{connection}",
        summary="Report what became of communications",
        status_code=HTTPStatus.ACCEPTED,
        response_model=ReportsAnswer,
        response_description="Every event is kept, or had been kept before.",
        responses=documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        openapi_extra=_REQUEST,
    )
    async def report(request: Request, connection: Annotated[str, Path(pattern=CONNECTION_NAME)]) -> Response:
        """The body is in the words of the connection's own product; a repetition is answered like the first time.

        A provider that proves itself as the connection's settings say needs no key. Events of unknown kinds, and of
        communications that are not known, are kept as they came.
        """
        webhook = _made(partial(place.connections.report_webhook, connection))
        if webhook is None or not webhook.proves_itself:
            await caller(request)
        if webhook is None:
            events = await _plainly_reported(place, connection, request, room.proven, limits)
        else:
            async with AsyncExitStack() as held:
                # Whoever proves nothing takes no room of those that are proven.
                async with room.pressure.before_proof():
                    largest = min(webhook.largest, limits.report)
                    body = await held.enter_async_context(room.unproven.read(request, largest=largest))
                    told = _told(request, body)
                    once = await _proof(webhook, told, connection, place, unproven)
                request.state.caller = getattr(request.state, "caller", connection)
                signals = await _read(partial(webhook.read, told), body)
                raw = RawRequest(connection=connection, body=body or request.url.query.encode(), once=once)
                given = ReportRequest(raw=raw, reports_on=webhook.reports_on or connection, signals=signals)
                await _take(intake, given, limits)
            events = len(signals)
        content = ReportsAnswer(events=events).model_dump_json()
        return Response(content, status_code=HTTPStatus.ACCEPTED, media_type="application/json")

    return routes


def _made(make: Callable[[], ReportWebhook | None]) -> ReportWebhook | None:
    """Return what was made of a connection. Raises Refusal."""
    try:
        return make()
    except ConnectorError:
        raise _as_set_up() from None


def _as_set_up() -> Refusal:
    return come_again("the connection cannot be used as it is set up; `xconnector connections check` says why")


def _told(request: Request, body: bytes) -> FeedbackRequest:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return FeedbackRequest(headers=headers, body=body, url=str(request.url))


async def _proof(
    webhook: ReportWebhook, told: FeedbackRequest, connection: str, place: Workplace, unproven: Unproven
) -> str | None:
    """Return what is good for this request only, if anything. Raises Refusal where nobody proved anything."""
    if not webhook.proves_itself:
        return None
    try:
        return await webhook.prove(told, now=place.now())
    except UnprovenError as wrong:
        unproven.count(connection, str(wrong))
        raise _unproven() from None
    except ConnectorError:
        raise come_again("it cannot be found out at the moment who sent this") from None


def _unproven() -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, "unauthorized", headers=_CHALLENGE)


async def _take(intake: ReportIntake, request: ReportRequest, limits: WebLimits) -> None:
    """Take a request in. Raises Refusal unless it is kept."""
    try:
        async with asyncio.timeout(limits.database_patience.total_seconds()):
            (kept,) = await intake.hand_in([request])
    except TimeoutError:
        raise come_again("the database takes too long at the moment") from None
    if isinstance(kept, DatabaseUnreachableError):
        raise come_again("the database cannot be reached at the moment")
    if isinstance(kept, BaseException):
        raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "this failed here, and operations can see it; send it again")
    if kept is Keeping.USED_UP:
        raise _unproven()


async def _plainly_reported(
    place: Workplace, connection: str, request: Request, bodies: Bodies, limits: WebLimits
) -> int:
    """Take in what names our own dispatch keys, and return how many events it held. Raises Refusal."""
    reader = _reader(place, connection)
    async with bodies.read(request, largest=limits.report) as body:
        events = await _read(partial(reader.read_reports, dict(request.headers), body), body)
        await _keep(place, events, limits)
    return len(events)


def _reader(place: Workplace, name: str) -> ReportsByWebhook:
    """Return what reads the reports of this connection. Raises Refusal."""
    try:
        reader = place.connections.report_reader(name)
    except ConnectorError:
        raise _as_set_up() from None
    if reader is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "the project has no connection of this name that takes reports here")
    return reader


async def _read(read: Callable[[], Sequence[T]], body: bytes) -> Sequence[T]:
    """Return the events of a request. Raises Refusal."""
    try:
        # A large one would keep everybody else waiting.
        return await asyncio.to_thread(read) if len(body) > _QUICKLY_READ else read()
    except PermanentError as unreadable:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(unreadable)) from None


async def _keep(place: Workplace, events: Sequence[DeliveryEvent], limits: WebLimits) -> None:
    try:
        async with asyncio.timeout(limits.database_patience.total_seconds()):
            await keep_reports(place, events)
    except TimeoutError:
        raise come_again("the database takes too long at the moment") from None


_CHALLENGE = {"WWW-Authenticate": 'Webhook realm="reports"'}
_REQUEST: dict[str, Any] = {
    "security": [{"reports key": []}, {}],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "description": "As the connection's product sends it: of Exstream a tracking event or a list."
                }
            },
            "application/x-www-form-urlencoded": {"schema": {"description": "As the connection's product sends it."}},
        },
    },
}
