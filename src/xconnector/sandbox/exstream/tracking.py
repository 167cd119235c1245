"""Tracking events, sent to whoever is named: in Exstream's shape, repeated and out of order when told so."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import json_of
from xconnector.sandbox.exstream.house import ExstreamHouse

_PATIENCE = 10
"""Seconds."""


class Tracking(BaseModel):
    """What is to be sent, and to whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, Field(pattern=r"^http://(127\.0\.0\.1|localhost)(:\d+)?/")]
    headers: Mapping[str, str] = {}
    customers: Annotated[list[str], Field(max_length=10_000)]
    """By the keys that the design passes through as the customer's number."""
    events: Annotated[list[str], Field(min_length=1, max_length=20)] = ["Exstream-Email-Submit", "Exstream-Email-OPEN"]
    """Words of `expctr.schemaType`, in the order in which they happen to each customer."""
    times: Annotated[int, Field(ge=1, le=10)] = 1
    """How often each is sent."""
    shuffled: bool = False
    """Whether they are sent out of order; always the same one."""
    at_once: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many go in one request; one goes as an object, several as a list."""


def routes(house: ExstreamHouse) -> list[Route]:
    async def track(request: Request) -> Response:
        try:
            tracking = Tracking.model_validate(await json_of(request))
        except ValidationError as wrong:
            return JSONResponse({"wrong": wrong.errors(include_url=False, include_input=False)}, HTTPStatus.BAD_REQUEST)
        return JSONResponse({"answers": await _send(tracking, house.domain)})

    return [Route("/sandbox/track", track, methods=["POST"])]


async def _send(tracking: Tracking, domain: str) -> list[int]:
    """Send the events, and return the status of each answer; 0 where there was none."""
    events = [event for event in _events(tracking, domain) for _ in range(tracking.times)]
    if tracking.shuffled:
        random.Random(len(events)).shuffle(events)
    answers: list[int] = []
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE) as client:
        for start in range(0, len(events), tracking.at_once):
            some = events[start : start + tracking.at_once]
            body = some[0] if tracking.at_once == 1 else some
            try:
                answer = await client.post(tracking.address, json=body, headers=dict(tracking.headers))
            except httpx.TransportError:
                answers.append(0)
            else:
                answers.append(answer.status_code)
    return answers


def _events(tracking: Tracking, domain: str) -> Iterator[dict[str, Any]]:
    began, job = datetime.now(UTC), uuid4().hex
    for customer in tracking.customers:
        for number, word in enumerate(tracking.events):
            happened = (began + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            yield {
                "expctr": {"schemaType": word, "schemaVersion": "1.0", "timestamp": happened, "eventId": uuid4().hex},
                "exstreamJob": {"domain": domain, "jobId": job, "customerNumber": customer},
                "exstreamEmailStatistics": {"messageId": f"<{uuid4().hex}@exstream.test>"},
                "user": {"id": customer},
            }
