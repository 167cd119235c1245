"""The stand-in's own door, which Exstream has not: faults, what was seen, and a fresh beginning."""

from http import HTTPStatus

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.bodies import json_of
from xconnector.sandbox.exstream.house import ExstreamHouse

PREFIX = "/sandbox/"


def routes(house: ExstreamHouse) -> list[Route]:
    async def faults(request: Request) -> Response:
        del request
        return JSONResponse(house.faults.model_dump(mode="json"))

    async def change_faults(request: Request) -> Response:
        try:
            changed = await house.change_faults(await json_of(request))
        except ValidationError as wrong:
            told = [{"fault": str(error["loc"][0]), "says": error["msg"]} for error in wrong.errors() if error["loc"]]
            return JSONResponse({"wrong": told}, HTTPStatus.BAD_REQUEST)
        return JSONResponse(changed.model_dump(mode="json"))

    async def seen(request: Request) -> Response:
        del request
        return JSONResponse(house.seen.told())

    async def reset(request: Request) -> Response:
        del request
        await house.reset()
        return JSONResponse({})

    return [
        Route(f"{PREFIX}faults", faults, methods=["GET"]),
        Route(f"{PREFIX}faults", change_faults, methods=["POST"]),
        Route(f"{PREFIX}seen", seen, methods=["GET"]),
        Route(f"{PREFIX}reset", reset, methods=["POST"]),
    ]
