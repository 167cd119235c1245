"""Drafts: documents in review that people edit outside. While one is open, no verdict is taken."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "drafts.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """A draft of a communication's document."""

    communication_id: UUID
    connection: str
    """Of the composer that made it."""
    reference: str
    """The composer's name for it."""
    link: str = field(repr=False)
    document_sha256: str
    """Of the document that was in review when it was opened."""
    opened_by: str
    opened_at: datetime
    returned_at: datetime | None = None
    """When its documents were recorded; it is still to be discarded outside. None while it is open."""


async def lock(connection: Connection, communication_id: UUID) -> None:
    """Let nobody else decide on, or edit, a communication's document until the transaction ends."""
    await connection.execute(_QUERIES.lock, {"communication_id": communication_id})


async def of_communication(connection: Connection, communication_id: UUID) -> KeptDraft | None:
    """Return the draft of a communication, open or returned; None where there is none."""
    return await fetch_one(connection, KeptDraft, _QUERIES.of_communication, communication_id=communication_id)


async def remember(connection: Connection, draft: KeptDraft) -> bool:
    """Remember a draft that was opened; False, and nothing is kept, where the communication has one."""
    cursor = await connection.execute(
        _QUERIES.open,
        {
            "communication_id": draft.communication_id,
            "connection": draft.connection,
            "reference": draft.reference,
            "link": draft.link,
            "document_sha256": draft.document_sha256,
            "person": draft.opened_by,
            "now": draft.opened_at,
        },
    )
    return cursor.rowcount == 1


async def mark_returned(connection: Connection, draft: KeptDraft, now: datetime) -> None:
    """Say that the documents of a draft are recorded."""
    parameters = {"communication_id": draft.communication_id, "reference": draft.reference, "now": now}
    await connection.execute(_QUERIES.mark_returned, parameters)


async def forget(connection: Connection, draft: KeptDraft) -> None:
    """Forget a draft that nobody edits any more."""
    parameters = {"communication_id": draft.communication_id, "reference": draft.reference}
    await connection.execute(_QUERIES.forget, parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    was: str
    document: str
    edited_by: str
    returned_by: str


async def editors(connection: Connection, communication_id: UUID, document_sha256: str) -> frozenset[str]:
    """Return who had a hand in a document: who opened a draft on the way to it, and who took one back."""
    people: set[str] = set()
    for one in await fetch_all(connection, _Return, _QUERIES.returns, communication_id=communication_id):
        # A document that was composed anew holds nothing of what was edited before.
        if one.document == document_sha256:
            people |= {one.edited_by, one.returned_by}
            document_sha256 = one.was
    return frozenset(people)
