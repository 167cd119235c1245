"""Identities: time-ordered UUIDs, so that a table's newest rows lie together on disk, and ids of what is told."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RANDOM_BITS = 74
_RANDOM_BYTES = 10


def time_ordered_id(now: datetime, chance: bytes) -> UUID:
    """Return a UUID version 7 (RFC 9562, section 5.7) of `now` and at least 10 bytes of `chance`.

    Raises ValueError when `chance` is shorter.
    """
    if len(chance) < _RANDOM_BYTES:
        raise ValueError(f"a time-ordered id needs {_RANDOM_BYTES} random bytes, not {len(chance)}")
    # By whole numbers: a float loses the last millisecond.
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1) & ((1 << 48) - 1)
    random_bits = int.from_bytes(chance[:_RANDOM_BYTES], "big") & ((1 << _RANDOM_BITS) - 1)
    head, tail = random_bits >> 62, random_bits & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | head << 64 | 0b10 << 62 | tail)


def content_id(*parts: str | None) -> UUID:
    """Return a UUID version 8 (RFC 9562, section 5.8) of what is told: the same words always have the same one."""
    digest = hashlib.sha256()
    for part in parts:
        # With its length before it, so that no two lists of words run together; what is not told is no empty word.
        content = b"" if part is None else part.encode()
        digest.update(f"{-1 if part is None else len(content)}:".encode())
        digest.update(content)
    number = int.from_bytes(digest.digest()[:16], "big")
    return UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | 0x8 << 76 | 0b10 << 62)
