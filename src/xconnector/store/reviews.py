"""Reviews: what waits for a person, and what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.domain.review import Verdict
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "reviews.sql")


async def request(connection: Connection, asked: Sequence[tuple[UUID, str, str]], now: datetime) -> None:
    """Ask for reviews, as (communication, role, document digest); a new document voids an earlier verdict."""
    if asked:
        ids, roles, digests = zip(*asked, strict=True)
        await connection.execute(
            _QUERIES.request, {"ids": list(ids), "roles": list(roles), "digests": list(digests), "now": now}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review, open or decided."""

    communication_id: UUID
    batch_id: int
    name: str
    role: str
    document_sha256: str
    requested_at: datetime
    decision: str | None
    person: str | None
    reason: str | None
    decided_at: datetime | None
    edited_by: str | None
    """Who opened a draft of the document: no verdict is taken until it is back."""


async def waiting(connection: Connection, *, role: str | None, limit: int) -> list[Review]:
    """Return open reviews, oldest first, optionally of one role."""
    return await fetch_all(connection, Review, _QUERIES.waiting, role=role, limit=limit)


async def count_waiting(connection: Connection) -> int:
    """Count open reviews."""
    cursor = await connection.execute(_QUERIES.count_waiting)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def of_communication(connection: Connection, communication_id: UUID) -> Review | None:
    """Return the review of a communication, or None when it needs none."""
    return await fetch_one(connection, Review, _QUERIES.of_communication, communication_id=communication_id)


async def decide(connection: Connection, communication_id: UUID, verdict: Verdict) -> bool:
    """Record a verdict on exactly the named document; False when it is not what waits for one."""
    cursor = await connection.execute(
        _QUERIES.decide,
        {
            "communication_id": communication_id,
            "document_sha256": verdict.document_sha256,
            "decision": verdict.decision,
            "person": verdict.person,
            "reason": verdict.reason,
            "now": verdict.decided_at,
        },
    )
    return cursor.rowcount == 1
