"""Documents that are published on the portal: whose they are, and where their bytes lie in the content store."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.content import Place
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "portal.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDocument:
    """A document that its customer can see, until it is withdrawn."""

    dispatch_key: str
    communication_id: UUID
    communication: str
    """What kind of communication it is."""
    customer_key: str
    title: str = field(repr=False)
    language: str
    sha256: str
    place: Place
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    dispatch_key: str
    communication_id: UUID
    communication: str
    customer_key: str
    title: str
    language: str
    sha256: str
    pack: str
    pack_offset: int
    pack_length: int
    published_at: datetime


async def publish(connection: Connection, document: PublishedDocument) -> tuple[PublishedDocument, bool]:
    """Publish a document, and return what is published under its dispatch key, and whether that is new.

    The first under a key stays, whoever else publishes it at the same moment.
    """
    row = await fetch_one(
        connection,
        _Row,
        _QUERIES.publish,
        dispatch_key=document.dispatch_key,
        communication_id=document.communication_id,
        communication=document.communication,
        customer_key=document.customer_key,
        title=document.title,
        language=document.language,
        sha256=document.sha256,
        pack=document.place.pack,
        pack_offset=document.place.offset,
        pack_length=document.place.length,
        published_at=document.published_at,
    )
    if row is not None:
        return _document(row), True
    earlier = await find(connection, document.dispatch_key)
    assert earlier is not None, "only a published document can conflict"
    return earlier, False


async def withdraw(connection: Connection, dispatch_key: str, *, now: datetime) -> bool:
    """Take a document out of its customer's sight, and say whether it was ever published; again changes nothing.

    What lies under the dispatch key stays there: it is never published anew.
    """
    cursor = await connection.execute(_QUERIES.withdraw, {"dispatch_key": dispatch_key, "now": now})
    return cursor.rowcount == 1


async def find(connection: Connection, dispatch_key: str) -> PublishedDocument | None:
    """Return a document that was published, and perhaps withdrawn since, or None."""
    row = await fetch_one(connection, _Row, _QUERIES.find, dispatch_key=dispatch_key)
    return None if row is None else _document(row)


async def find_of_customer(connection: Connection, customer_key: str, dispatch_key: str) -> PublishedDocument | None:
    """Return a document that a customer can see, or None; another customer's is none of theirs."""
    told = {"customer_key": customer_key, "dispatch_key": dispatch_key}
    row = await fetch_one(connection, _Row, _QUERIES.find_of_customer, **told)
    return None if row is None else _document(row)


async def of_customer(connection: Connection, customer_key: str, *, limit: int) -> list[PublishedDocument]:
    """Return the documents that all members of a customer can see, newest first."""
    rows = await fetch_all(connection, _Row, _QUERIES.of_customer, customer_key=customer_key, limit=limit)
    return [_document(row) for row in rows]


def _document(row: _Row) -> PublishedDocument:
    return PublishedDocument(
        dispatch_key=row.dispatch_key,
        communication_id=row.communication_id,
        communication=row.communication,
        customer_key=row.customer_key,
        title=row.title,
        language=row.language,
        sha256=row.sha256,
        place=Place(pack=row.pack, offset=row.pack_offset, length=row.pack_length),
        published_at=row.published_at,
    )
