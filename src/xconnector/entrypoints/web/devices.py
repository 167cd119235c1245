"""`/customers/{key}/devices`: where the back end of an app registers the devices of its customers."""

import asyncio
import re
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel

from xconnector.domain.keys import Purpose
from xconnector.domain.strict_json import Json, StrictJsonError, read_json
from xconnector.entrypoints.web.bodies import Bodies
from xconnector.entrypoints.web.callers import Callers
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal, documented
from xconnector.entrypoints.web.reports import CONNECTION_NAME
from xconnector.operations.devices import DeviceRefusedError, Registration, register_device, take_out_device
from xconnector.pipeline.workplace import Workplace

_LARGEST = 8 * 1024
_NESTED = 4
_APP = re.compile(r"[!-~]{0,100}", re.ASCII)

CustomerKey = Annotated[str, Path(min_length=1, max_length=300)]
ConnectionName = Annotated[str, Path(pattern=CONNECTION_NAME)]


class DeviceAnswer(BaseModel):
    """The device is registered, durably."""

    device_id: UUID
    """Its id: the same for the same address."""


def device_routes(place: Workplace, callers: Callers, bodies: Bodies, limits: WebLimits) -> APIRouter:
    """Return the calls with which devices are registered and taken out."""
    patience = limits.database_patience.total_seconds()
    routes = APIRouter(tags=["devices"])
    caller = callers.known(Purpose.DEVICES)

    @routes.put(
        "/customers/{customer_key:path}/devices/{connection}",
        summary="Register a device of a customer, or say that it is still there",
        response_description="The device is registered, durably.",
        responses=documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            # Of a key that holds a line break, which no path does.
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        openapi_extra=_REQUEST,
    )
    async def put(
        request: Request,
        actor: Annotated[str, Depends(caller)],
        customer_key: CustomerKey,
        connection: ConnectionName,
    ) -> DeviceAnswer:
        """Idempotent by address. One that another customer had is this customer's from now on."""
        async with bodies.read(request, largest=_LARGEST) as body:
            registration = _registration(body, customer_key, connection)
        try:
            async with asyncio.timeout(patience):
                device_id = await register_device(place.pool, place.connections, registration, actor=actor)
        except DeviceRefusedError as why:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(why)) from None
        return DeviceAnswer(device_id=device_id)

    @routes.delete(
        "/customers/{customer_key:path}/devices/{connection}/{device_id}",
        summary="Take a device out",
        status_code=HTTPStatus.NO_CONTENT,
        response_description="The customer has no such device, any more or ever.",
        responses=documented(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    )
    async def delete(
        actor: Annotated[str, Depends(caller)],
        customer_key: CustomerKey,
        connection: ConnectionName,
        device_id: UUID,
    ) -> None:
        """Idempotent: taking out what is gone changes nothing."""
        del connection  # the id is enough, and nobody else's device has it
        async with asyncio.timeout(patience):
            await take_out_device(place.pool, _plain(customer_key), device_id, actor=actor)

    return routes


def _registration(body: bytes, customer_key: str, connection: str) -> Registration:
    """Return what a body tells. Raises Refusal."""
    try:
        told: Json = read_json(body, depth=_NESTED)
    except StrictJsonError as wrong:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"the body is no JSON that we take: {wrong}") from None
    if not isinstance(told, dict) or "address" not in told or told.keys() - {"address", "app"}:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the body has an `address`, may have an `app`, and nothing else")
    app = told.get("app", "")
    if not isinstance(app, str) or _APP.fullmatch(app) is None:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "`app` is a word of at most 100 visible ASCII characters")
    return Registration(customer_key=_plain(customer_key), connection=connection, address=told["address"], app=app)


def _plain(customer_key: str) -> str:
    """Return a key that the database takes. Raises Refusal."""
    if "\0" in customer_key:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the customer's key holds NUL")
    return customer_key


_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["address"],
                    "additionalProperties": False,
                    "properties": {
                        "address": {
                            "description": "The token, or the subscription as the browser gives it.",
                            "oneOf": [{"type": "string"}, {"type": "object"}],
                        },
                        "app": {"type": "string", "maxLength": 100, "description": "Which app it is."},
                    },
                }
            }
        },
    }
}
