"""Empower's envelope, in JSON or in XML, and its codes."""

from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

DONE = "0"
DELETED = "SERV107I"
NOT_FOUND = "BUSI110E"
EXISTS = "BUSI172E"
NO_PERMISSION = "BUSI175E"
MEANINGS: Mapping[str, str] = {
    DONE: "Success",
    "SERV100I": "The request was successful.",
    DELETED: "The document was deleted.",
    NOT_FOUND: "The document was not found.",
    EXISTS: "It exists already.",
    NO_PERMISSION: "You do not have permission.",
}


def envelope(request: Request, body: object = None, *, code: str = DONE, status: int = HTTPStatus.OK) -> Response:
    """Return an answer in its envelope, as the caller accepts it."""
    told: dict[str, Any] = {"header": {"status": {"code": code, "msg": MEANINGS[code]}}, "body": body}
    if request.headers.get("accept", "").strip().lower().startswith("application/xml"):
        return Response(f"<response>{_xml(told)}</response>", status, media_type="application/xml")
    return JSONResponse(told, status)


def _xml(value: object) -> str:
    match value:
        case None:
            return ""
        case dict():
            held = cast("dict[str, object]", value)
            return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in held.items())
        case list():
            return "".join(f"<item>{_xml(item)}</item>" for item in cast("list[object]", value))
        case _:
            return escape(str(value))
