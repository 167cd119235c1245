"""What was composed: its bytes lie in the content store before anything else, then review by rule or by a person."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from xconnector.contract.composer import Composition
from xconnector.domain.communication import State
from xconnector.domain.document import document_digest
from xconnector.pipeline import review
from xconnector.pipeline.countering import stop_countered
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import communications, documents, ledger
from xconnector.store.communications import Standing
from xconnector.store.documents import KeptRendition


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One communication with its new document, whose bytes are kept."""

    standing: Standing
    renditions: Sequence[KeptRendition]
    digest: str
    detail: Mapping[str, str]
    """The composer's own names for how it was made."""


async def keep(place: Workplace, made: Sequence[tuple[Standing, Composition]]) -> list[Composed]:
    """Put all new bytes into one pack, and say where each document lies."""
    contents = [rendition.content for _, composition in made for rendition in composition.renditions]
    places = iter(await asyncio.to_thread(place.content.keep, contents))
    composed: list[Composed] = []
    for standing, composition in made:
        renditions = [
            KeptRendition(
                communication_id=standing.communication_id,
                kind=rendition.kind,
                sha256=rendition.sha256,
                pages=rendition.pages,
                place=next(places),
                engine=composition.engine,
            )
            for rendition in composition.renditions
        ]
        digest = document_digest((rendition.kind, rendition.sha256) for rendition in renditions)
        composed.append(Composed(standing=standing, renditions=renditions, digest=digest, detail=composition.detail))
    return composed


async def record(
    place: Workplace, connection: Connection, composed: Sequence[Composed], *, origin: State, priority: int
) -> None:
    """Record the documents, and move each communication on to release or review, in the caller's transaction.

    Those that are not in the origin state any more were moved by somebody else, and are passed over.
    """
    now = place.now()
    standings = [row.standing for row in composed]
    wanted = {
        row.communication_id for row in await stop_countered(place, connection, standings, origin=origin, now=now)
    }
    composed = [row for row in composed if row.standing.communication_id in wanted]
    released = [row for row in composed if row.standing.review_role is None]
    held = [row for row in composed if row.standing.review_role is not None]
    moved = await communications.move_composed(
        connection, _digests(released), origin=origin, target=State.RELEASED, now=now
    )
    moved |= await communications.move_composed(
        connection, _digests(held), origin=origin, target=State.IN_REVIEW, now=now
    )
    composed = [row for row in composed if row.standing.communication_id in moved]
    await documents.remember(connection, [rendition for row in composed for rendition in row.renditions])
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=row.standing.batch_id,
                communication_id=row.standing.communication_id,
                event="composed",
                state=State.COMPOSED,
                detail={
                    **row.detail,
                    "document": row.digest,
                    "engine": row.renditions[0].engine,
                    "renditions": {rendition.kind.value: rendition.sha256 for rendition in row.renditions},
                },
            )
            for row in composed
        ],
    )
    await review.release_at_once(
        place,
        connection,
        [row.standing for row in released if row.standing.communication_id in moved],
        priority=priority,
    )
    await review.ask(
        connection, [(row.standing, row.digest) for row in held if row.standing.communication_id in moved], now=now
    )


def _digests(composed: Sequence[Composed]) -> list[tuple[UUID, str]]:
    return [(row.standing.communication_id, row.digest) for row in composed]
