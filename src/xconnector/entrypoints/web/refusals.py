"""Refusals: answers other than success, in JSON, that name the remedy and show nothing of what was sent."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from xconnector.postgres.connect import DatabaseUnreachableError

COME_AGAIN_AFTER = 2
"""Seconds that a caller is asked to wait when the database or the room for requests is gone."""


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str
    """What is wrong, and what to do about it."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """Ends a request with this answer."""

    def __init__(self, status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def answer(self) -> JSONResponse:
        return JSONResponse({"detail": self.detail}, status_code=self.status, headers=dict(self.headers))


def come_again(detail: str) -> Refusal:
    """Return the refusal of a request that was not done, and may be sent again as it is."""
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{detail}; send the request again, nothing is done twice",
        headers={"Retry-After": str(COME_AGAIN_AFTER)},
    )


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the refusals of a call."""
    return {int(status): {"model": Problem, "description": _DESCRIPTIONS[status]} for status in statuses}


_DESCRIPTIONS = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read.",
    HTTPStatus.UNAUTHORIZED: "There is no key, or it does not open this.",
    HTTPStatus.FORBIDDEN: "The key opens this, and not for what was sent.",
    HTTPStatus.NOT_FOUND: "There is nothing of this name.",
    HTTPStatus.REQUEST_TIMEOUT: "The body took too long to arrive.",
    HTTPStatus.CONFLICT: "Something else was taken under this name, and stays.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than what is taken.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of another kind than what is taken.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request can be read, and is not right.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too much at the moment: nothing was taken. Send the same again after `Retry-After`.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "It failed here, and operations can see it. Send the same again.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not at the moment: nothing was taken. Send the same again.",
}


def answer_refusals(app: FastAPI) -> None:
    """Let every refusal and every known error leave as a `Problem`."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DatabaseUnreachableError, _unreachable)
    app.add_exception_handler(TimeoutError, _unreachable)


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal), "registered for it"
    return error.answer()


async def _plain(_: Request, error: Exception) -> JSONResponse:
    """Answer for addresses and methods that nothing is behind."""
    assert isinstance(error, HTTPException), "registered for it"
    detail = HTTPStatus(error.status_code).phrase
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=dict(error.headers or {}))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Name the headers and parameters that are wrong, never their values."""
    assert isinstance(error, RequestValidationError), "registered for it"
    wrong = sorted({f"{place[0]} {place[-1]}" for place in (found["loc"] for found in error.errors())})
    detail = f"missing or not as the API describes it: {', '.join(wrong)}"
    return JSONResponse({"detail": detail}, status_code=HTTPStatus.UNPROCESSABLE_ENTITY)


async def _unreachable(_: Request, error: Exception) -> JSONResponse:
    del error
    return come_again("the database cannot be reached at the moment").answer()
