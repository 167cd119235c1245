"""Documents: which renditions a communication has, where their bytes lie, and where they are archived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from xconnector.domain.document import RenditionKind
from xconnector.postgres.connect import Connection, copy_rows
from xconnector.postgres.queries import Queries
from xconnector.store.content import Place
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "documents.sql")
_KINDS = {kind.value: kind for kind in RenditionKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRendition:
    """One rendition and where its bytes lie in the content store."""

    communication_id: UUID
    kind: RenditionKind
    sha256: str
    pages: int | None
    place: Place
    engine: str


async def remember(connection: Connection, renditions: Sequence[KeptRendition]) -> None:
    """Keep where renditions lie; replaces those of an earlier composition of the same communications."""
    ids = sorted({rendition.communication_id for rendition in renditions})
    await connection.execute(_QUERIES.forget, {"ids": ids})
    await copy_rows(
        connection,
        _QUERIES.remember,
        [
            (
                rendition.communication_id,
                rendition.kind,
                rendition.sha256,
                rendition.pages,
                rendition.place.pack,
                rendition.place.offset,
                rendition.place.length,
                rendition.engine,
            )
            for rendition in renditions
        ],
    )


async def of_communications(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, list[KeptRendition]]:
    """Return the renditions of communications."""
    cursor = await connection.execute(_QUERIES.of_communications, {"ids": list(ids)})
    found: dict[UUID, list[KeptRendition]] = {}
    for communication_id, kind, sha256, pages, pack, offset, length, engine in await cursor.fetchall():
        rendition = KeptRendition(
            communication_id=communication_id,
            kind=_KINDS[kind],
            sha256=sha256,
            pages=pages,
            place=Place(pack=pack, offset=offset, length=length),
            engine=engine,
        )
        found.setdefault(communication_id, []).append(rendition)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedRendition:
    """The index row of one rendition in an archive."""

    communication_id: UUID
    kind: str
    sha256: str
    connection: str
    address: str
    record_class: str
    retain_until: date
    archived_at: datetime


async def remember_archived(connection: Connection, archived: Sequence[ArchivedRendition]) -> None:
    """Keep index rows of what was archived; a communication that is archived again keeps its first rows."""
    if not archived:
        return
    await connection.execute(
        _QUERIES.remember_archived,
        {
            "ids": [row.communication_id for row in archived],
            "kinds": [row.kind for row in archived],
            "sha256": [row.sha256 for row in archived],
            "connections": [row.connection for row in archived],
            "addresses": [row.address for row in archived],
            "classes": [row.record_class for row in archived],
            "until": [row.retain_until for row in archived],
            "at": [row.archived_at for row in archived],
        },
    )


async def archived_of(connection: Connection, communication_id: UUID) -> list[ArchivedRendition]:
    """Return what is archived of one communication."""
    return await fetch_all(connection, ArchivedRendition, _QUERIES.archived_of, communication_id=communication_id)
