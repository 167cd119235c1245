"""Bodies of requests: read whole, never more than is taken, and never more at once than there is room for."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request

from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal, come_again


class Bodies:
    """Reads the bodies of one process, within one budget of memory."""

    def __init__(self, limits: WebLimits) -> None:
        self._limits = limits
        self._free = limits.bodies_at_once
        self._freed = asyncio.Condition()
        self._waiting = 0

    @asynccontextmanager
    async def read(self, request: Request, *, largest: int) -> AsyncGenerator[bytes]:
        """Give the body, whose room is kept until the end of the block.

        Raises Refusal.
        """
        declared = _declared_length(request)
        if declared is not None and declared > largest:
            raise _too_large(largest)
        async with self._room(largest if declared is None else declared):
            yield await self._whole(request, largest)

    @asynccontextmanager
    async def _room(self, size: int) -> AsyncGenerator[None]:
        if self._free >= size:
            self._free -= size
        else:
            await self._take_when_free(size)
        try:
            yield
        finally:
            self._free += size
            if self._waiting:
                async with self._freed:
                    self._freed.notify_all()

    async def _take_when_free(self, size: int) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.patience_for_room.total_seconds()), self._freed:
                await self._freed.wait_for(lambda: self._free >= size)
                self._free -= size
        except TimeoutError:
            raise come_again("too much is being taken in at the moment") from None
        finally:
            self._waiting -= 1

    async def _whole(self, request: Request, largest: int) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_time.total_seconds()):
                async for chunk in request.stream():
                    if len(body) + len(chunk) > largest:
                        raise _too_large(largest)
                    body += chunk
        except TimeoutError:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "the body took too long to arrive; send it again") from None
        except ClientDisconnect:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body was cut off; send it again") from None
        return bytes(body)


def _declared_length(request: Request) -> int | None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "compressed bodies are not taken; send it without Content-Encoding"
        )
    length = request.headers.get("content-length")
    if length is None:
        return None
    if not (length.isascii() and length.isdecimal()):
        raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Length is no number of bytes")
    return int(length)


def _too_large(largest: int) -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {largest} bytes, which is the most that is taken"
    )
