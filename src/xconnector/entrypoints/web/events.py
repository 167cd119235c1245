"""`POST /events`: CloudEvents over HTTP, single or in batches, durable before they are answered for.

CloudEvents 1.0.2, HTTP protocol binding: binary, structured and batched content mode.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from xconnector.contract.cloudevents import CloudEventError, parse
from xconnector.domain.event import RecordFate, SourceRecord, payload_digest
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.bodies import Bodies
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.gathering import Gathering
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.pressure import Pressure
from xconnector.entrypoints.web.refusals import Refusal, come_again, documented
from xconnector.entrypoints.web.straight import StraightRoute
from xconnector.pipeline.receive import Fed, receive_fed
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import DatabaseUnreachableError
from xconnector.store.inbox import Received

EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_QUICKLY_READ = 64 * 1024
"""Bytes."""

Intake = Gathering[Fed, Received]


class EventAnswer(BaseModel):
    """What became of one event."""

    status: int
    """202 taken, repeated or set aside, 409 refused, 500 failed here."""
    source: str
    source_key: str
    """The id under which the source sent it."""
    fate: RecordFate | None
    """None where it failed here, and was not taken."""
    sha256: str
    """Digest of what was sent."""
    earlier_sha256: str | None = None
    """Digest of what was taken first under this id."""
    detail: str | None = None
    """What to do, where there is something to do."""


class EventsAnswer(BaseModel):
    """What became of the events of a request, in their order."""

    events: list[EventAnswer]


def intake_of(place: Workplace) -> Intake:
    """Return the group commit through which events of this process are taken in."""

    async def take(fed: Sequence[Fed]) -> Sequence[Received]:
        return await receive_fed(place, fed)

    return Gathering(take)


def event_routes(
    place: Workplace, intake: Intake, callers: Callers, pressure: Pressure, bodies: Bodies, limits: WebLimits
) -> APIRouter:
    """Return the intake of events."""
    routes = APIRouter(tags=["events"], route_class=StraightRoute)
    caller = callers.known(Purpose.EVENTS)

    @routes.post(
        "/events",
        summary="Hand in one event, or a batch of them",
        status_code=HTTPStatus.ACCEPTED,
        response_model=EventsAnswer,
        response_description="Every event was taken, or had been taken before.",
        responses={
            int(HTTPStatus.OK): {
                "model": EventsAnswer,
                "description": "Of a batch: not every event was taken; each has its own status.",
            },
            **documented(
                HTTPStatus.BAD_REQUEST,
                HTTPStatus.UNAUTHORIZED,
                HTTPStatus.FORBIDDEN,
                HTTPStatus.REQUEST_TIMEOUT,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                HTTPStatus.TOO_MANY_REQUESTS,
                HTTPStatus.SERVICE_UNAVAILABLE,
            ),
            int(HTTPStatus.CONFLICT): {
                "model": EventsAnswer,
                "description": "The event's id was taken with another payload, which stays; both digests are shown.",
            },
        },
        openapi_extra=_REQUEST,
    )
    async def hand_in(request: Request, key: Annotated[str, Depends(caller)]) -> Response:
        """Binary, structured and batched content mode; a repetition is answered like the first time.

        Whoever got no answer can therefore send the same again.
        """
        is_batch = _media_type(request) == BATCH
        pressure.count(f"key {key}")
        largest = limits.event_batch if is_batch else limits.event
        async with pressure.let_in(), bodies.read(request, largest=largest) as body:
            records = await _records(request, body)
            if not all(place.project.speakers.may_speak(key, one.source) for one in records):
                raise _NOT_FOR_THIS_SOURCE
            # Which feed an event belongs to is told by its type, in the main path.
            settled = await settled_by(intake, [(replace(one, handed_in_by=key), None) for one in records], limits)
        answers = [_answer(record, result) for record, result in zip(records, settled, strict=True)]
        content = EventsAnswer(events=answers).model_dump_json()
        return Response(content, status_code=_status(answers, is_batch=is_batch), media_type="application/json")

    return routes


_NOT_FOR_THIS_SOURCE = Refusal(
    HTTPStatus.FORBIDDEN,
    "the key may not speak for a source that is named here, and nothing was taken: "
    "name it under `speakers` in xconnector.yaml, or send it with the key of that source",
)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _records(request: Request, body: bytes) -> Sequence[SourceRecord]:
    """Return the events of a request. Raises Refusal."""
    _refuse_ambiguity(request)
    media_type = _media_type(request)
    is_binary = "ce-specversion" in request.headers
    if media_type not in {EVENT, BATCH} and (not is_binary or media_type.startswith("application/cloudevents")):
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"send {EVENT}, {BATCH}, or JSON with the attributes in ce- headers (ce-specversion: 1.0, …)",
        )
    headers = dict(request.headers)
    try:
        # A large batch would keep everybody else waiting.
        return await asyncio.to_thread(parse, headers, body) if len(body) > _QUICKLY_READ else parse(headers, body)
    except CloudEventError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None


def _refuse_ambiguity(request: Request) -> None:
    names = [name for name in request.headers.keys() if name == "content-type" or name.startswith("ce-")]  # noqa: SIM118 - a name may stand there twice
    if len(names) != len(set(names)):
        raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Type, or a ce- header, stands there twice")


async def settled_by(intake: Intake, fed: Sequence[Fed], limits: WebLimits) -> list[Received | BaseException]:
    """Return what became of the records. Raises Refusal unless that is known of all: then all can be sent again."""
    try:
        async with asyncio.timeout(limits.database_patience.total_seconds()):
            settled = await intake.hand_in(fed)
    except TimeoutError:
        raise come_again("the database takes too long at the moment") from None
    if any(isinstance(result, DatabaseUnreachableError) for result in settled):
        raise come_again("the database cannot be reached at the moment")
    return settled


def _answer(record: SourceRecord, result: Received | BaseException) -> EventAnswer:
    if isinstance(result, BaseException):
        return EventAnswer(
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            source=record.source,
            source_key=record.source_key,
            fate=None,
            sha256=payload_digest(record.payload),
            detail="this event failed here and was not taken; operations can see why",
        )
    is_refused = result.fate is RecordFate.REFUSED
    return EventAnswer(
        status=HTTPStatus.CONFLICT if is_refused else HTTPStatus.ACCEPTED,
        source=record.source,
        source_key=record.source_key,
        fate=result.fate,
        sha256=result.sha256,
        earlier_sha256=result.earlier_sha256,
        detail="this id was taken with another payload; send a correction under an id of its own"
        if is_refused
        else result.reason,
    )


def _status(answers: Sequence[EventAnswer], *, is_batch: bool) -> int:
    if all(answer.status == HTTPStatus.ACCEPTED for answer in answers):
        return HTTPStatus.ACCEPTED
    return HTTPStatus.OK if is_batch else answers[0].status


# ---------------------------------------------------------------- what OpenAPI says of the request

_TEXT = {"type": "string", "minLength": 1}
_CLOUD_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "description": "Names the event within its source once and for all."},
        "source": {**_TEXT, "format": "uri-reference"},
        "type": {**_TEXT, "description": "A type that a feed of the project takes."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string", "examples": ["application/json"]},
        "data": {"type": "object"},
    },
}
_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            EVENT: {"schema": _CLOUD_EVENT},
            BATCH: {"schema": {"type": "array", "items": _CLOUD_EVENT}},
            "application/json": {
                "schema": {"type": "object", "description": "The event's data; its attributes stand in ce- headers."}
            },
        },
    },
    "parameters": [
        {"name": f"ce-{name}", "in": "header", "required": False, "schema": {"type": "string"}, "description": about}
        for name, about in (
            ("specversion", "`1.0`, in binary content mode."),
            ("id", "The event's id, in binary content mode."),
            ("source", "The event's source, in binary content mode."),
            ("type", "The event's type, in binary content mode."),
            ("time", "When it happened, in binary content mode."),
        )
    ],
}
