"""Documents that are published on the portal."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "portal.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDocument:
    """A document a customer can see."""

    dispatch_key: str
    communication_id: UUID
    customer_key: str
    title: str
    language: str
    sha256: str
    published_at: datetime


async def publish(connection: Connection, document: PublishedDocument) -> PublishedDocument:
    """Publish a document, and return what is published under its dispatch key: the first stays."""
    published = await fetch_one(
        connection,
        PublishedDocument,
        _QUERIES.publish,
        dispatch_key=document.dispatch_key,
        communication_id=document.communication_id,
        customer_key=document.customer_key,
        title=document.title,
        language=document.language,
        sha256=document.sha256,
        published_at=document.published_at,
    )
    return published or (await find(connection, document.dispatch_key)) or document


async def find(connection: Connection, dispatch_key: str) -> PublishedDocument | None:
    """Return a published document, or None."""
    return await fetch_one(connection, PublishedDocument, _QUERIES.find, dispatch_key=dispatch_key)


async def of_customer(connection: Connection, customer_key: str, *, limit: int) -> list[PublishedDocument]:
    """Return a customer's documents, newest first."""
    return await fetch_all(connection, PublishedDocument, _QUERIES.of_customer, customer_key=customer_key, limit=limit)
