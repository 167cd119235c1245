"""compose: make the documents; their bytes get their SHA-256 and lie in the content store before anything else."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, TransientError
from xconnector.domain.communication import State
from xconnector.domain.document import RenditionKind, document_digest
from xconnector.domain.failure import FailureKind
from xconnector.execution.jobs import Attempt
from xconnector.execution.limits import NotNowError
from xconnector.pipeline import failing, review
from xconnector.pipeline.retrying import due_again, wait_in_place
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading
from xconnector.project.open_connections import is_outage
from xconnector.store import communications, documents, ledger
from xconnector.store.communications import Standing
from xconnector.store.documents import KeptRendition
from xconnector.store.failures import Stopped
from xconnector.store.rows import from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composed:
    """One communication with its new document."""

    standing: Standing
    renditions: Sequence[KeptRendition]
    digest: str


async def compose(place: Workplace, attempt: Attempt, batch_id: int) -> None:
    """Compose the batch's decided communications, and hand on those that need no person's word."""
    async with reading(place.pool) as connection:
        standings = await communications.in_state(connection, batch_id, State.DECIDED)
        contents = await communications.contents(connection, [row.communication_id for row in standings])
    standings = await failing.without_unknown(place, standings, stage="compose", origin=State.DECIDED)
    by_composer = sorted(standings, key=lambda row: _composer_of(place, row))
    for composer, group in groupby(by_composer, key=lambda row: _composer_of(place, row)):
        await _compose_with(place, attempt, composer, list(group), contents)


def _composer_of(place: Workplace, standing: Standing) -> str:
    return place.project.communications[standing.name].template.composer


async def _compose_with(
    place: Workplace, attempt: Attempt, composer: str, standings: Sequence[Standing], contents: Mapping[UUID, str]
) -> None:
    results = await _ask(place, composer, standings, contents)
    composed = await _keep(place, standings, results)
    stopped: list[Stopped] = []
    later: list[tuple[UUID, datetime]] = []
    limits = place.limits_of(composer)
    for standing, result in zip(standings, results, strict=True):
        if isinstance(result, Composition):
            continue
        due_at = due_again(standing.attempts, result, limits, now=place.now())
        if due_at is not None:
            later.append((standing.communication_id, due_at))
        else:
            # Composing has no effect outside: whatever was lost can be made again.
            cause = TransientError(str(result)) if isinstance(result, OutcomeUnknownError) else result
            failure = failing.failure_of(cause, "compose", permanent=FailureKind.PROJECT)
            stopped.append(failing.stopped_by(standing, failure))

    async def write(connection: Connection) -> None:
        now = place.now()
        await _write(place, connection, attempt, composed)
        await failing.fail(connection, stopped, origin=State.DECIDED, now=now)
        await wait_in_place(connection, attempt, later)

    await in_transaction(place.pool, write)


async def _ask(
    place: Workplace, composer: str, standings: Sequence[Standing], contents: Mapping[UUID, str]
) -> Sequence[Composition | ConnectorError]:
    try:
        opened = await place.connections.composer(composer)
        kinds = {plan: await _kinds(place, plan) for plan in {tuple(row.plan) for row in standings}}
        orders = [_order(place, row, kinds[tuple(row.plan)], contents[row.communication_id]) for row in standings]
        return await place.connections.limited(composer).call(
            lambda: opened.compose(orders), is_outage=is_outage, counts_as=len(orders)
        )
    except ConnectorError as error:
        return [error] * len(standings)
    except (NotNowError, TimeoutError) as error:
        return [TransientError(f"{composer} does not take it now: {error}")] * len(standings)


async def _kinds(place: Workplace, plan: Sequence[str]) -> frozenset[RenditionKind]:
    """The letter is always made: it is the record, whatever channel the customer sees."""
    channels = [await place.connections.channel(name) for name in plan]
    return frozenset({RenditionKind.LETTER}).union(*(channel.takes for channel in channels))


def _order(place: Workplace, standing: Standing, kinds: frozenset[RenditionKind], content: str) -> Order:
    return Order(
        communication_id=standing.communication_id,
        template=place.project.communications[standing.name].template.name,
        kinds=kinds,
        language=standing.language,
        data=from_json(content),
        issued_at=standing.issued_at,
    )


async def _keep(
    place: Workplace, standings: Sequence[Standing], results: Sequence[Composition | ConnectorError]
) -> list[_Composed]:
    """Put all new bytes into one pack, and say where each document lies."""
    made = [
        (standing, result)
        for standing, result in zip(standings, results, strict=True)
        if isinstance(result, Composition)
    ]
    contents = [rendition.content for _, composition in made for rendition in composition.renditions]
    places = iter(await asyncio.to_thread(place.content.keep, contents))
    composed: list[_Composed] = []
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
        composed.append(_Composed(standing=standing, renditions=renditions, digest=digest))
    return composed


async def _write(place: Workplace, connection: Connection, attempt: Attempt, composed: Sequence[_Composed]) -> None:
    """Record the documents, and move each communication on to release or review."""
    now = place.now()
    released = [row for row in composed if row.standing.review_role is None]
    held = [row for row in composed if row.standing.review_role is not None]
    moved = await communications.move_composed(connection, _digests(released), target=State.RELEASED, now=now)
    moved |= await communications.move_composed(connection, _digests(held), target=State.IN_REVIEW, now=now)
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
                    "document": row.digest,
                    "engine": row.renditions[0].engine,
                    "renditions": {rendition.kind.value: rendition.sha256 for rendition in row.renditions},
                },
            )
            for row in composed
        ],
    )
    await review.release_at_once(
        place, connection, attempt, [row.standing for row in released if row.standing.communication_id in moved]
    )
    await review.ask(
        connection, [(row.standing, row.digest) for row in held if row.standing.communication_id in moved], now=now
    )


def _digests(composed: Sequence[_Composed]) -> list[tuple[UUID, str]]:
    return [(row.standing.communication_id, row.digest) for row in composed]
