"""The portal: publishing documents, and letting their customers see them."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from xconnector.domain.document import content_digest
from xconnector.domain.portal_link import PortalLink, PortalSecrets
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import portal
from xconnector.store.content import ContentStore
from xconnector.store.portal import PublishedDocument

MOST_SHOWN = 500
"""Documents of one customer that are listed, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A document that somebody wants published."""

    dispatch_key: str
    communication_id: UUID
    communication: str
    customer_key: str
    title: str = field(repr=False)
    language: str
    content: bytes = field(repr=False)


class Published(StrEnum):
    """How a publication ended."""

    NEW = "new"
    REPEATED = "repeated"
    """The very same document was there already; nothing was done again."""
    REFUSED = "refused"
    """Another document is there under this dispatch key, and stays."""


async def publish(pool: Pool, content_store: ContentStore, publication: Publication) -> Published:
    """Publish a document; durable when this returns, and doing it again changes nothing."""
    digest = content_digest(publication.content)
    async with transaction(pool) as connection:
        earlier = await portal.find(connection, publication.dispatch_key)
    if earlier is not None:
        return _repetition(earlier, digest)
    # The bytes first: what a row names is there.
    (place,) = await asyncio.to_thread(content_store.keep, [publication.content])
    document = PublishedDocument(
        dispatch_key=publication.dispatch_key,
        communication_id=publication.communication_id,
        communication=publication.communication,
        customer_key=publication.customer_key,
        title=publication.title,
        language=publication.language,
        sha256=digest,
        place=place,
        published_at=datetime.now(UTC),
    )
    async with transaction(pool) as connection:
        published, is_new = await portal.publish(connection, document)
    return Published.NEW if is_new else _repetition(published, digest)


def _repetition(earlier: PublishedDocument, digest: str) -> Published:
    return Published.REPEATED if earlier.sha256 == digest else Published.REFUSED


async def withdraw_document(pool: Pool, dispatch_key: str) -> bool:
    """Take a document out of its customer's sight, and say whether it was ever published; again changes nothing."""
    async with transaction(pool) as connection:
        return await portal.withdraw(connection, dispatch_key, now=datetime.now(UTC))


def customer_link(secrets: PortalSecrets, link: PortalLink, *, base: str = "") -> str:
    """Return the address under which a customer reads their documents; `base` is where the web is reached.

    Raises ValueError when the customer key is empty or too long for an address.
    """
    return f"{base.rstrip('/')}/portal/{secrets.sign(link)}"


async def documents_of(pool: Pool, customer_key: str) -> list[PublishedDocument]:
    """Return what a customer can see, newest first, up to `MOST_SHOWN`."""
    async with transaction(pool) as connection:
        return await portal.of_customer(connection, customer_key, limit=MOST_SHOWN)


async def document_of(pool: Pool, customer_key: str, dispatch_key: str) -> PublishedDocument | None:
    """Return one document of a customer, or None; another customer's is none of theirs."""
    async with transaction(pool) as connection:
        return await portal.find_of_customer(connection, customer_key, dispatch_key)


async def content_of(content_store: ContentStore, document: PublishedDocument) -> bytes:
    """Return a document's bytes, checked against their digest.

    Raises DamagedContentError.
    """
    return await asyncio.to_thread(content_store.read, document.place, document.sha256)
