"""Bringing documents back from the content store, each checked against its digest."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from xconnector.contract.errors import PermanentError
from xconnector.domain.document import Rendition, RenditionKind, document_digest
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import reading
from xconnector.store import communications, documents
from xconnector.store.content import ContentStore, DamagedContentError
from xconnector.store.documents import KeptRendition

Document = Mapping[RenditionKind, Rendition]
_NOT_RELEASED = PermanentError("its renditions are not those that were released; compose it again")


async def load(place: Workplace, ids: Sequence[UUID]) -> dict[UUID, Document | PermanentError]:
    """Return all renditions of each communication, proven to be what was released.

    An error stands in place of a document that is damaged, or that is another one than its release names.
    """
    async with reading(place.pool) as connection:
        kept = await documents.of_communications(connection, ids)
        digests = await communications.document_digests(connection, ids)
    return await asyncio.to_thread(_read, place.content, kept, digests)


def _read(
    content: ContentStore, kept: Mapping[UUID, Sequence[KeptRendition]], digests: Mapping[UUID, str | None]
) -> dict[UUID, Document | PermanentError]:
    contents = iter(content.read_many([(row.place, row.sha256) for rows in kept.values() for row in rows]))
    read = {key: [(row, next(contents)) for row in rows] for key, rows in kept.items()}
    return {
        key: _document(rows) if _digest(kept[key]) == digests.get(key) else _NOT_RELEASED for key, rows in read.items()
    }


def _digest(kept: Sequence[KeptRendition]) -> str:
    return document_digest((row.kind, row.sha256) for row in kept)


def _document(read: Sequence[tuple[KeptRendition, bytes | DamagedContentError]]) -> Document | PermanentError:
    document: dict[RenditionKind, Rendition] = {}
    for row, content in read:
        if isinstance(content, DamagedContentError):
            return PermanentError(str(content))
        document[row.kind] = Rendition(kind=row.kind, content=content, sha256=row.sha256, pages=row.pages)
    return document
