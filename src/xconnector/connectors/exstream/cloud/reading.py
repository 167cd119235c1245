"""Answers read from the wire, never more of them than is allowed."""

import httpx


async def body_of(answer: httpx.Response, *, largest: int) -> bytes:
    """Return the body; of one that is longer, a beginning that is longer as well."""
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > largest:
            break
    return bytes(body)
