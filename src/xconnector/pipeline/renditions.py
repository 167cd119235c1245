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
    return await asyncio.to_thread(_read, place.content, kept)


def _read(content: ContentStore, kept: Mapping[UUID, Sequence[KeptRendition]]) -> dict[UUID, Document | PermanentError]:
    contents = iter(content.read_many([(row.place, row.sha256) for rows in kept.values() for row in rows]))
    return {key: _document([(row, next(contents)) for row in rows]) for key, rows in kept.items()}


def _document(read: Sequence[tuple[KeptRendition, bytes | DamagedContentError]]) -> Document | PermanentError:
    document: dict[RenditionKind, Rendition] = {}
    for row, content in read:
        if isinstance(content, DamagedContentError):
            return PermanentError(str(content))
        document[row.kind] = Rendition(kind=row.kind, content=content, sha256=row.sha256, pages=row.pages)
    return document
