"""The Orchestration service: what is composed while the caller waits."""

import asyncio
import secrets
from http import HTTPStatus
from io import BytesIO
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import content_of, json_of
from xconnector.sandbox.exstream.customers import ComposedCustomer, UncomposedCustomer, key_of
from xconnector.sandbox.exstream.designs import HouseDesign
from xconnector.sandbox.exstream.drafts import MEDIA_TYPE, draft_content, opened_draft
from xconnector.sandbox.exstream.guarded import guarded
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.output_answers import (
    accepted,
    draft_answer,
    engine_error,
    failure_answer,
    outputs_answer,
    wants_json,
)
from xconnector.sandbox.exstream.refusals import channel_not_published, framework_error, service_error
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError
from xconnector.sandbox.exstream.versions import version_of

BASE = "/orchestration/api/v1"
CSRF_COOKIE = "csrfToken"
_CSRF_HEADER = "x-csrf-token"
_MOST_CUSTOMERS = 1_000


def routes(house: ExstreamHouse) -> list[Route]:
    service = _OnDemand(house)
    on_demand = f"{BASE}/inputs/ondemand/{{domain}}"
    return [
        Route(f"{on_demand}/generate", guarded(house, service.generate), methods=["POST"]),
        Route(f"{on_demand}/{{channel}}", guarded(house, service.channel), methods=["POST"]),
        Route(
            f"{BASE}/inputs/fulfillment/ondemand/{{domain}}/fulfill", guarded(house, service.fulfill), methods=["POST"]
        ),
        Route(f"{BASE}/version", guarded(house, version_of("orchestration")), methods=["GET"]),
        Route(f"{BASE}/csrf", guarded(house, service.csrf), methods=["GET"]),
    ]


def input_refusal(house: ExstreamHouse, request: Request) -> Response | None:
    """Return what an HTTP input answers to a caller without csrfToken, or for another domain; None lets it pass."""
    if house.faults.csrf and not _has_csrf_token(house, request):
        return service_error(HTTPStatus.FORBIDDEN, "Invalid CSRF token found.")
    domain = request.path_params["domain"]
    if domain != house.domain:
        return service_error(HTTPStatus.NOT_FOUND, f"Domain {domain} does not exist.")
    return None


class _OnDemand:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house

    async def csrf(self, request: Request) -> Response:
        """Give the cookie that HTTP inputs may want; no documentation names the place."""
        del request
        token = self._house.csrf_token = self._house.csrf_token or secrets.token_urlsafe(24)
        answer = JSONResponse({"status": "success"})
        answer.set_cookie(CSRF_COOKIE, token)
        return answer

    async def generate(self, request: Request) -> Response:
        """Compose a communication by its id."""
        if refused := _missing_header(request):
            return refused
        communication = request.headers["communicationId"]
        design = self._house.design_of_communication(communication)
        if design is None or communication.lower() in self._house.faults.unpublished:
            return service_error(HTTPStatus.NOT_FOUND, f"Could not find communication with id {communication}.")
        data_source = request.headers["driverDataSource"]
        if data_source != design.data_source:
            return service_error(HTTPStatus.NOT_FOUND, f"Could not find data source with name {data_source}.")
        return await self._composed(request, design)

    async def channel(self, request: Request) -> Response:
        """Compose by a named channel."""
        channel = request.path_params["channel"]
        design = self._house.design_of_on_demand_channel(channel)
        if design is None or channel in self._house.faults.unpublished:
            return channel_not_published(channel)
        return await self._composed(request, design)

    async def fulfill(self, request: Request) -> Response:
        """Make the documents of drafts that people edited."""
        if refused := input_refusal(self._house, request) or _missing_header(request):
            return refused
        told = await json_of(request)
        results: list[ComposedCustomer | UncomposedCustomer] = []
        wanted = [str(document_id) for document_id in cast("list[object]", told.get("documents") or [])]
        for document_id in wanted:
            document = self._house.drafts.find(document_id)
            opened = opened_draft(document.content) if document is not None else None
            if opened is None:
                return self._failed(engine_error(f"Empower document {document_id} was not found.", "404"))
            template, customers = opened
            results += await self._by_an_engine(self._house.designs[template], [dict(one) for one in customers])
        answer = outputs_answer(request, results, failed_status=self._house.faults.error_status)
        if answer.status_code == HTTPStatus.OK and request.headers.get("preserveDocuments", "").lower() != "true":
            for document_id in wanted:
                self._house.drafts.delete(document_id)
        return answer

    async def _composed(self, request: Request, design: HouseDesign) -> Response:
        if refused := input_refusal(self._house, request):
            return refused
        try:
            customers = _few(self._house, design, await content_of(request))
        except UnreadableDriverError as unreadable:
            return self._failed(engine_error(f"EX000501S: {unreadable}", "500"))
        if self._house.strikes("engine_fails_next"):
            return self._failed(engine_error("EX000713E: the output could not be created", "500"))
        if request.headers.get("empowerUser") and (wants_json(request) or accepted(request) == MEDIA_TYPE):
            return self._drafted(request, design, customers)
        if accepted(request) == MEDIA_TYPE:
            return draft_answer(draft_content(design.template, customers))
        results = await self._by_an_engine(design, customers)
        return outputs_answer(request, results, failed_status=self._house.faults.error_status)

    def _drafted(self, request: Request, design: HouseDesign, customers: list[dict[str, Any]]) -> Response:
        user = request.headers["empowerUser"]
        if self._house.faults.wrong_empower_user or "@" not in user:
            return self._failed(engine_error(f"User {user} is not authorized in Empower.", "401"))
        document = self._house.drafts.keep(draft_content(design.template, customers), owner=user)
        if accepted(request) == MEDIA_TYPE:
            return draft_answer(document.content)
        return JSONResponse({"documentId": document.document_id})

    async def _by_an_engine(
        self, design: HouseDesign, customers: list[dict[str, Any]]
    ) -> list[ComposedCustomer | UncomposedCustomer]:
        """Compose when an engine is free; customers that it skips are simply not there."""
        async with self._house.engines.one():
            await asyncio.sleep(self._house.faults.compose_seconds)
            kept = [
                data
                for number, data in enumerate(customers, 1)
                if not self._house.skips(key_of(design, data), number, submission=secrets.token_hex(8), of_run=False)
            ]
            return await self._house.compose(design.template, kept)

    def _failed(self, error: dict[str, object]) -> Response:
        return failure_answer([error], self._house.faults.error_status)


def _missing_header(request: Request) -> Response | None:
    for header in ("communicationId", "driverDataSource"):
        if not request.headers.get(header):
            said = f"Required request header '{header}' for method parameter type String is not present"
            return framework_error(HTTPStatus.BAD_REQUEST, said, request.url.path)
    return None


def _few(house: ExstreamHouse, design: HouseDesign, driver: bytes) -> list[dict[str, Any]]:
    customers: list[dict[str, Any]] = []
    for data in house.customers(design, BytesIO(driver)):
        customers.append(data)
        if len(customers) > _MOST_CUSTOMERS:
            raise UnreadableDriverError(f"on demand takes {_MOST_CUSTOMERS} customers at most")
    if not customers:
        raise UnreadableDriverError("the driver holds no customer")
    return customers


def _has_csrf_token(house: ExstreamHouse, request: Request) -> bool:
    token = house.csrf_token
    told = request.headers.get(_CSRF_HEADER, token)
    return bool(token) and request.cookies.get(CSRF_COOKIE) == token == told
