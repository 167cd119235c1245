"""What happened in a source system: events, and the records in which they arrive."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

REMOVED = "@removed"
"""The name in a record's data that says that what it speaks of was removed at its source (a word of OData)."""


def payload_digest(payload: bytes) -> str:
    """Return the SHA-256 of the bytes as they arrived, in hexadecimal."""
    return hashlib.sha256(payload).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One record as a source gave it: the unit of intake, whether an event or a line of a run's file.

    `source` and `source_key` together name it once and for all; `payload` holds its original bytes
    and `data` what they say (JSON types only).
    """

    source: str
    source_key: str
    event_type: str
    occurred_at: datetime | None
    payload: bytes = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    position: int | None = None
    """Line or element number in the source's file, from 1."""
    handed_in_by: str | None = None
    """Name of the key with which it came, where it came with one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A record that cannot be read: set aside with its bytes and the reason, while the rest passes."""

    source: str
    source_key: str | None
    payload: bytes = field(repr=False)
    reason: str
    position: int | None = None


class RecordFate(StrEnum):
    """How the intake of one source record ended."""

    TAKEN = "taken"
    """New: it was asked which communications it makes."""
    REPEATED = "repeated"
    """Same key, same payload as one already taken: nothing is made again."""
    REFUSED = "refused"
    """Same key, another payload: kept, and shown to people with both digests."""
    SET_ASIDE = "set_aside"
    """Unreadable or against its mapping: kept with its bytes and the reason."""
