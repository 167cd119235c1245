"""What every request passes: it is counted, waits, and meets the faults of the wire."""

import asyncio
from http import HTTPStatus
from typing import Any, cast

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xconnector.sandbox.exstream.control import PREFIX
from xconnector.sandbox.exstream.house import ExstreamHouse

_OTDS = ("/otdsws", "/otdstenant", "/otds/", "/tenants/")


class FrontDoor:
    """An application that stands before another."""

    def __init__(self, app: ASGIApp, house: ExstreamHouse) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            app = _refuse_browsers if _comes_from_a_page(scope) else self._app
            await app(scope, receive, send)
            return
        faults = self._house.faults
        if faults.down:
            await _break_off(scope)
            return
        await asyncio.sleep(faults.latency)
        loses = not scope["path"].startswith(_OTDS) and scope["method"] == "POST" and self._house.strikes("lose_next")
        body = _Body(receive)

        async def answer(message: Message) -> None:
            # An answer that overtakes its request's body would end in a broken line instead.
            await body.read_out()
            if not loses:
                await send(message)

        await self._app(scope, body.receive, answer)
        self._house.seen.request(scope["method"], _path(scope))
        if loses:
            await _break_off(scope)


class _Body:
    """The body of a request, of which it is known whether all of it was read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._has_ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._has_ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def read_out(self) -> None:
        """Read what is left, and let it go."""
        while not self._has_ended:
            await self.receive()


def _comes_from_a_page(scope: Scope) -> bool:
    """Say whether a page in a browser asks: whoever runs the sandbox may have any page open beside it."""
    return any(name == b"origin" for name, _ in scope.get("headers", ()))


_refuse_browsers = PlainTextResponse("The sandbox's own door is closed to web pages.", HTTPStatus.FORBIDDEN)


def _path(scope: Scope) -> str:
    """Return the path as its route has it: ids become their names."""
    names = {value: name for name, value in cast("dict[str, Any]", scope.get("path_params", {})).items()}
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in scope["path"].split("/"))


async def _break_off(scope: Scope) -> None:
    cast("asyncio.Transport", scope["state"]["line"]).abort()
    # One turn of the loop, in which the server learns that nobody is there to be answered.
    await asyncio.sleep(0)
