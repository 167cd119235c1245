"""archive: keep every document before anything leaves, under the record class of its communication."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from xconnector.contract.archive import Record
from xconnector.contract.errors import ConnectorError, PermanentError, TransientError
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.retention import retain_until
from xconnector.execution.jobs import Attempt
from xconnector.execution.limits import NotNowError
from xconnector.pipeline import failing, hops, renditions
from xconnector.pipeline.retrying import due_again, wait_in_place
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading, transaction
from xconnector.project.open_connections import is_outage
from xconnector.store import communications, documents, ledger
from xconnector.store.communications import Standing
from xconnector.store.documents import ArchivedRendition
from xconnector.store.failures import Stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """One communication with what its archive said."""

    standing: Standing
    rows: Sequence[ArchivedRendition]


async def archive(place: Workplace, attempt: Attempt, batch_id: int) -> None:
    """Archive the batch's released communications, and send them on their way."""
    async with reading(place.pool) as connection:
        standings = await communications.in_state(connection, batch_id, State.RELEASED)
    standings = await failing.without_unknown(place, standings, stage="archive", origin=State.RELEASED)
    standings = await _with_record_class(place, standings)
    groups: dict[str, list[Standing]] = {}
    for standing in standings:
        groups.setdefault(_archive_of(place, standing), []).append(standing)
    for name, group in groups.items():
        await _archive_in(place, attempt, name, group)


async def _with_record_class(place: Workplace, standings: Sequence[Standing]) -> list[Standing]:
    """Return those whose record class the project has; the others fail."""
    known = place.project.record_classes
    stopped = [
        failing.stopped_by(standing, _class_taken_away(standing))
        for standing in standings
        if standing.agreed.record_class not in known
    ]
    if stopped:
        async with transaction(place.pool) as connection:
            await failing.fail(connection, stopped, origin=State.RELEASED, now=place.now())
    return [standing for standing in standings if standing.agreed.record_class in known]


def _class_taken_away(standing: Standing) -> Failure:
    name = standing.agreed.record_class
    reason = f"the project has no record class {name!r} any more; put it back, then reprocess"
    return Failure(stage="archive", kind=FailureKind.PROJECT, reason=reason)


def _archive_of(place: Workplace, standing: Standing) -> str:
    return place.project.communications[standing.name].archive.connection


async def _archive_in(place: Workplace, attempt: Attempt, name: str, standings: Sequence[Standing]) -> None:
    loaded = await renditions.load(place, [row.communication_id for row in standings])
    stopped: list[Stopped] = []
    whole: list[Standing] = []
    for standing in standings:
        document = loaded.get(standing.communication_id) or PermanentError("its document is gone; compose it again")
        if isinstance(document, PermanentError):
            # Of stage compose: that is where reprocessing must begin to mend it.
            cause = failing.failure_of(document, "compose", permanent=FailureKind.DEFECT)
            stopped.append(failing.stopped_by(standing, cause))
        else:
            whole.append(standing)
    records = [record for standing in whole for record in _records(place, standing, loaded[standing.communication_id])]
    addresses = await _keep(place, name, records, batch_key=f"batch-{attempt.ids['batch_id']}-{_records_key(records)}")
    kept, errors = _by_communication(name, whole, records, addresses, now=place.now())
    later: list[tuple[UUID, datetime]] = []
    for standing, error in errors:
        due_at = due_again(standing.attempts, error, place.limits_of(name), now=place.now())
        if due_at is not None:
            later.append((standing.communication_id, due_at))
        else:
            stopped.append(failing.stopped_by(standing, failing.failure_of(error, "archive")))

    async def write(connection: Connection) -> None:
        now = place.now()
        await _write(place, connection, attempt, kept, now=now)
        await failing.fail(connection, stopped, origin=State.RELEASED, now=now)
        await wait_in_place(connection, attempt, later)

    await in_transaction(place.pool, write)


def _records(place: Workplace, standing: Standing, document: renditions.Document | PermanentError) -> list[Record]:
    assert not isinstance(document, PermanentError), "damaged documents were left out"
    record_class = place.project.record_classes[standing.agreed.record_class]
    issued_on = standing.issued_at.astimezone(ZoneInfo(place.project.locale.timezone)).date()
    return [
        Record(
            communication_id=standing.communication_id,
            rendition=rendition,
            record_class=record_class.name,
            retain_until=retain_until(record_class, issued_on),
        )
        for rendition in document.values()
    ]


def _records_key(records: Sequence[Record]) -> str:
    """Name a set of records, so that the same batch key always comes with the same records."""
    return records[0].rendition.sha256[:16] if records else "empty"


async def _keep(
    place: Workplace, name: str, records: Sequence[Record], *, batch_key: str
) -> Sequence[str | ConnectorError]:
    try:
        opened = await place.connections.archive(name)
        return await place.connections.limited(name).call(
            lambda: opened.keep(records, batch_key=batch_key), is_outage=is_outage, counts_as=len(records)
        )
    except ConnectorError as error:
        return [error] * len(records)
    except (NotNowError, TimeoutError) as error:
        # Keeping twice keeps once.
        return [TransientError(f"{name} does not take it now: {error}")] * len(records)


def _by_communication(
    name: str,
    standings: Sequence[Standing],
    records: Sequence[Record],
    addresses: Sequence[str | ConnectorError],
    *,
    now: datetime,
) -> tuple[list[_Kept], list[tuple[Standing, ConnectorError]]]:
    """A communication is kept when all its renditions are."""
    rows: dict[UUID, list[ArchivedRendition]] = {row.communication_id: [] for row in standings}
    errors: dict[UUID, ConnectorError] = {}
    for record, address in zip(records, addresses, strict=True):
        if isinstance(address, ConnectorError):
            errors[record.communication_id] = address
            continue
        rows[record.communication_id].append(
            ArchivedRendition(
                communication_id=record.communication_id,
                kind=record.rendition.kind,
                sha256=record.rendition.sha256,
                connection=name,
                address=address,
                record_class=record.record_class,
                retain_until=record.retain_until,
                archived_at=now,
            )
        )
    kept = [
        _Kept(standing=row, rows=rows[row.communication_id]) for row in standings if row.communication_id not in errors
    ]
    return kept, [(row, errors[row.communication_id]) for row in standings if row.communication_id in errors]


async def _write(
    place: Workplace, connection: Connection, attempt: Attempt, kept: Sequence[_Kept], *, now: datetime
) -> None:
    ids = [row.standing.communication_id for row in kept]
    moved = await communications.move(connection, ids, origin=State.RELEASED, target=State.ARCHIVED, now=now)
    gone = [row for row in kept if row.standing.communication_id in moved]
    await documents.remember_archived(connection, [rendition for row in gone for rendition in row.rows])
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=now,
                batch_id=row.standing.batch_id,
                communication_id=row.standing.communication_id,
                event="archived",
                state=State.ARCHIVED,
                detail={
                    "connection": row.rows[0].connection,
                    "record_class": row.rows[0].record_class,
                    "retain_until": row.rows[0].retain_until,
                },
            )
            for row in gone
        ],
    )
    departures = [hops.Departure.of(row.standing) for row in gone]
    await hops.depart(place, connection, departures, priority=attempt.priority, now=now)
