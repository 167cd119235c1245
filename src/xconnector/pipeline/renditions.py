"""Bringing documents back from the content store, each checked against its digest."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from xconnector.contract.errors import PermanentError
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import transaction
from xconnector.store import documents
from xconnector.store.content import ContentStore, DamagedContentError
from xconnector.store.documents import KeptRendition

Document = Mapping[RenditionKind, Rendition]


async def load(place: Workplace, ids: Sequence[UUID]) -> dict[UUID, Document | PermanentError]:
    """Return all renditions of each communication; an error in place of a document that is damaged."""
    async with transaction(place.pool) as connection:
        kept = await documents.of_communications(connection, ids)
    return await asyncio.to_thread(
        lambda: {key: read_document(place.content, renditions) for key, renditions in kept.items()}
    )


def read_document(content: ContentStore, kept: Sequence[KeptRendition]) -> Document | PermanentError:
    """Read the renditions of one communication."""
    try:
        return {
            row.kind: Rendition(
                kind=row.kind, content=content.read(row.place, row.sha256), sha256=row.sha256, pages=row.pages
            )
            for row in kept
        }
    except DamagedContentError as error:
        return PermanentError(str(error))
