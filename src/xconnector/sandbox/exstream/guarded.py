"""Lets in who is signed in: by a bearer token, or by a ticket of OTDS."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.refusals import expired_ticket, identity_server_down, server_failure, void_sign_in
from xconnector.sandbox.exstream.sign_ins import Standing

Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(house: ExstreamHouse, endpoint: Endpoint) -> Endpoint:
    """Return the endpoint, which only those reach who are signed in."""

    async def reached(request: Request) -> Response:
        return refusal(house, request) or await endpoint(request)

    return reached


def refusal(house: ExstreamHouse, request: Request) -> Response | None:
    """Return what becomes of a request before a service sees it; None lets it pass."""
    if house.faults.otds_down:
        return identity_server_down()
    ticket = request.headers.get("otdsticket")
    proof = ticket or _bearer(request)
    standing = house.sign_ins.standing(proof)
    if standing is Standing.GOOD and house.strikes("expire_next"):
        house.sign_ins.forget(proof)
        standing = Standing.EXPIRED
    if standing is Standing.GOOD:
        return server_failure() if house.strikes("fail_next") else None
    return expired_ticket() if ticket and standing is Standing.EXPIRED else void_sign_in()


def user_of(house: ExstreamHouse, request: Request) -> str:
    """Return who is signed in."""
    return house.sign_ins.user_of(request.headers.get("otdsticket") or _bearer(request))


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
