"""Answers read from the wire: never more of them than is allowed, and only in the shape that is expected."""

from typing import TypeVar

import httpx
import msgspec

_Shape = TypeVar("_Shape")


async def body_of(answer: httpx.Response, *, largest: int) -> bytes:
    """Return the body; of one that is longer, a beginning that is longer as well."""
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > largest:
            break
    return bytes(body)


def decoded(body: bytes, shape: type[_Shape]) -> _Shape | None:
    """Return the JSON of a body in this shape, or None where it has another one."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
