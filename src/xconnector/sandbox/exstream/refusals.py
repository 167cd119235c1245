"""How the cloud-native services refuse: the shapes of their errors."""

import time
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

NOT_PUBLISHED = 310130
IMPORT_CONFLICT = 309016


def service_error(status: HTTPStatus, details: str, *, code: int | None = None) -> Response:
    """Return a service's error; `errorCode` is left out where there is none."""
    told: dict[str, object] = {"timestamp": int(time.time() * 1000), "status": status.value}
    if code is not None:
        told["errorCode"] = code
    return JSONResponse({**told, "message": status.phrase, "details": details}, status)


def framework_error(status: HTTPStatus, message: str, path: str) -> Response:
    """Return an error as the framework below the services tells it, before a service has seen the request."""
    told = {"timestamp": int(time.time() * 1000), "status": status.value, "error": status.phrase}
    return JSONResponse({**told, "message": message, "path": path}, status)


def channel_not_published(channel: str) -> Response:
    return service_error(
        HTTPStatus.NOT_FOUND,
        f"Could not find an input channel with name {channel} in any published flow model.",
        code=NOT_PUBLISHED,
    )


def void_sign_in() -> Response:
    """Return what a wrong or expired token gets: 401 and nothing else."""
    return Response(status_code=HTTPStatus.UNAUTHORIZED)


def expired_ticket() -> Response:
    told = {"status": 1034, "error": "Expired OTDS SSO ticket", "errorDetails": None}
    return JSONResponse(told, HTTPStatus.BAD_REQUEST)


def identity_server_down() -> Response:
    return service_error(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "org.springframework.web.client.ResourceAccessException: I/O error on GET request: Connection refused",
    )


def server_failure() -> Response:
    return service_error(HTTPStatus.INTERNAL_SERVER_ERROR, "java.lang.NullPointerException")
