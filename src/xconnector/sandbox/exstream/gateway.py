"""The Service Gateway of a Communications Server: composes what it is sent and answers with every output."""

import asyncio
import secrets
from base64 import b64decode, b64encode
from http import HTTPStatus
from io import BytesIO
from typing import Any, cast
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import UnfitBodyError, json_of
from xconnector.sandbox.exstream.customers import ComposedCustomer, QueueFile, key_of
from xconnector.sandbox.exstream.designs import HouseDesign
from xconnector.sandbox.exstream.guarded import guarded
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.refusals import service_error
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

TENANT = "aurora"
"""The one tenant that the gateway has."""

_SUFFIXES = {"application/pdf": "pdf", "text/html": "html", "text/plain": "txt", "message/rfc822": "eml"}


def routes(house: ExstreamHouse) -> list[Route]:
    return [Route("/{tenant}/sgw/v1/communications", guarded(house, _Gateway(house).communications), methods=["POST"])]


class _Gateway:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house

    async def communications(self, request: Request) -> Response:
        """Compose by a service, which the query names."""
        name, version = request.query_params.get("name", ""), request.query_params.get("version", "")
        design = self._house.design_of_service(name, version or None)
        if request.path_params["tenant"] != TENANT or design is None or self._is_unpublished(name):
            return service_error(HTTPStatus.NOT_FOUND, f"Could not find service {name} with version {version}.")
        customer = await self._composed(design, _driver(await json_of(request)))
        if customer is None:
            return _answer("error", [], HTTPStatus(self._house.faults.error_status))
        return _answer("success", [_result(file) for file in customer.files])

    def _is_unpublished(self, name: str) -> bool:
        return name in self._house.faults.unpublished

    async def _composed(self, design: HouseDesign, driver: bytes) -> ComposedCustomer | None:
        """Return what becomes of the one customer that a driver holds, when an engine is free."""
        try:
            (customer,) = self._house.customers(design, BytesIO(driver))
        except (UnreadableDriverError, ValueError):
            return None
        if self._house.strikes("engine_fails_next"):
            return None
        async with self._house.engines.one():
            await asyncio.sleep(self._house.faults.compose_seconds)
            if self._house.skips(key_of(design, customer), 1, submission=secrets.token_hex(8), of_run=False):
                return None
            (made,) = await self._house.compose(design.template, [customer])
        return made if isinstance(made, ComposedCustomer) else None


def _driver(body: dict[str, Any]) -> bytes:
    """Return the driver of either form of body. Raises UnfitBodyError."""
    wrapped = cast("dict[str, Any]", body["content"]) if isinstance(body.get("content"), dict) else body
    if not isinstance(wrapped.get("contentType"), str) or not isinstance(wrapped.get("data"), str):
        raise UnfitBodyError("contentType and data are needed")
    try:
        return b64decode(wrapped["data"], validate=True)
    except ValueError:
        raise UnfitBodyError("data is no base64") from None


def _result(file: QueueFile) -> dict[str, Any]:
    return {
        "Content-Disposition": [f"attachment; filename={file.queue}.{_SUFFIXES[file.media_type]}"],
        "content": {
            "data": b64encode(file.content).decode("ascii"),
            "contentType": file.media_type,
            "streamingFilePath": None,
            "empty": not file.content,
        },
    }


def _answer(status: str, results: list[dict[str, Any]], http_status: HTTPStatus = HTTPStatus.OK) -> Response:
    told: dict[str, Any] = {"status": status, "data": {"id": str(uuid4()), "attributeMap": {}, "result": results}}
    return JSONResponse(told, http_status)
