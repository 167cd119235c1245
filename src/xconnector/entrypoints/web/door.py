"""The door: what holds for every request before and after anything else looks at it."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal
from xconnector.execution.failing import describe

logger = logging.getLogger("xconnector.web")

STANDARD_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""Of every answer that does not say otherwise."""


class Door:
    """Refuses requests with too long a head or too slow a course, and writes the access log.

    The log names the route, never the address that was asked for: addresses hold tokens.
    """

    def __init__(self, app: ASGIApp, *, limits: WebLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Passage(scope, receive, send, limits=self._limits).through(self._app)
        else:
            await self._app(scope, receive, send)


class _Passage:
    """One request on its way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, limits: WebLimits) -> None:
        self._limits = limits
        self._scope = scope
        self._receive = receive
        self._send = send
        self._began = time.perf_counter()
        self._body_is_due = _has_body(scope["headers"])
        self._status = 0
        self._sent = 0

    async def through(self, app: ASGIApp) -> None:
        try:
            async with asyncio.timeout(self._limits.request_time.total_seconds()):
                if (refusal := _refusal_of_head(self._scope, self._limits)) is not None:
                    await refusal.answer()(self._scope, self.receive, self.send)
                else:
                    await app(self._scope, self.receive, self.send)
        except TimeoutError:
            logger.warning("%s %s took too long and was ended", self._scope["method"], _route(self._scope))
            await self._fail(HTTPStatus.SERVICE_UNAVAILABLE, "this took too long; send it again")
        except Exception as error:  # noqa: BLE001 - told by kind and place: its words may hold content
            logger.error("%s %s failed: %s", self._scope["method"], _route(self._scope), describe(error))  # noqa: TRY400
            await self._fail(HTTPStatus.INTERNAL_SERVER_ERROR, "this failed here, and operations can see it")
        finally:
            self._log()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._body_is_due = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in STANDARD_HEADERS.items():
                headers.setdefault(name, value)
            if self._body_is_due:
                # Nobody will make use of the rest of the body.
                headers["Connection"] = "close"
        elif message["type"] == "http.response.body":
            self._sent += len(message.get("body", b""))
            if self._body_is_due and not message.get("more_body", False):
                await self._send({**message, "more_body": True})
                await self._run_dry()
                message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    async def _run_dry(self) -> None:
        """Read the rest of the body and throw it away, so that the caller gets to reading the answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.linger.total_seconds()):
                while self._body_is_due:
                    await asyncio.wait_for(self.receive(), self._limits.linger_idle.total_seconds())

    async def _fail(self, status: HTTPStatus, detail: str) -> None:
        """Answer, unless an answer has begun: then the server cuts it off."""
        if not self._status:
            await Refusal(status, detail).answer()(self._scope, self.receive, self.send)

    def _log(self) -> None:
        logger.info(
            "%s %s %s %d bytes %.0f ms %s",
            self._scope["method"] if self._scope["method"] in _METHODS else "?",
            _route(self._scope),
            self._status or "unanswered",
            self._sent,
            (time.perf_counter() - self._began) * 1000,
            self._scope.get("state", {}).get("caller", "-"),
        )


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def _refusal_of_head(scope: Scope, limits: WebLimits) -> Refusal | None:
    if len(scope["headers"]) > limits.headers:
        detail = f"the request has more than {limits.headers} header fields"
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > limits.address:
        return Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, f"the address has more than {limits.address} bytes")
    return None


def _has_body(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0") for name, value in headers
    )


def _route(scope: Scope) -> str:
    """Return the route's pattern, such as `/portal/{token}`, without what stood in its place."""
    return getattr(scope.get("route"), "path", "(no route)")
