"""The chain of table events: each is signed by a hash over itself and the one before, so that a change is seen."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from xconnector.domain.decision.versions import TableEvent

BEGINNING = "0" * 64
"""What stands for the digest before the first event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedEvent:
    """An event as it stands in the chain."""

    position: int
    """From 1, without gaps."""
    event: TableEvent
    previous_sha256: str
    """Digest of the event before; `BEGINNING` for the first."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a chain is not as it was written."""

    position: int
    message: str

    def __str__(self) -> str:
        return f"event {self.position}: {self.message}"


def chained(event: TableEvent, *, behind: ChainedEvent | None) -> ChainedEvent:
    """Return an event as the next one of the chain."""
    position = 1 if behind is None else behind.position + 1
    previous = BEGINNING if behind is None else behind.sha256
    return ChainedEvent(
        position=position, event=event, previous_sha256=previous, sha256=digest_of(event, position, previous)
    )


def digest_of(event: TableEvent, position: int, previous_sha256: str) -> str:
    """Return the SHA-256 over everything that an event says, its position, and the digest before it."""
    content = {
        "position": position,
        "previous": previous_sha256,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "table": event.table,
        "sha256": event.sha256,
        "act": event.act,
        "person": event.person,
        "role": event.role,
        "reason": event.reason,
        "effective_from": event.effective_from and event.effective_from.isoformat(),
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_break(chain: Iterable[ChainedEvent]) -> Break | None:
    """Return the first place where a chain, in its order, is not as it was written; None where it is whole."""
    previous, position, at = BEGINNING, 0, None
    for one in chain:
        if one.position != position + 1:
            return Break(position=position + 1, message="it is missing")
        if one.previous_sha256 != previous:
            return Break(position=one.position, message="it does not follow the event before")
        if one.sha256 != digest_of(one.event, one.position, previous):
            return Break(position=one.position, message="it was changed after it was written")
        if at is not None and one.event.at <= at:
            return Break(position=one.position, message="it is not later than the event before")
        previous, position, at = one.sha256, one.position, one.event.at
    return None
