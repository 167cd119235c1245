"""Asking a batch's records what they want: what begins now, what waits, what is not for us."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.trigger.start import StartError
from xconnector.execution.jobs import Attempt
from xconnector.pipeline import failing
from xconnector.pipeline.asking import NewAsk, ask_for, judge_again, priority_of
from xconnector.pipeline.following_customers import follow_customers
from xconnector.pipeline.prepared import Batch
from xconnector.pipeline.trigger import Asked, heard_in, trigger
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.condition import ConditionError
from xconnector.project.judging_records import MappedRecord, feed_of, is_tombstone, map_record
from xconnector.project.mapping import MappingError
from xconnector.project.promises import BreachError
from xconnector.store import communications, customer_links, feed_states, inbox, ledger, recorded
from xconnector.store.failures import Stopped
from xconnector.store.inbox import TakenRecord


async def trigger_new(place: Workplace, connection: Connection, batch: Batch) -> list[MappedRecord]:
    """Ask every new record which communications it wants; one that fits no mapping or condition is set aside."""
    records = await _going_on(place, connection, batch.batch_id)
    made = await _made_before(connection, records)
    mapped = _map_all(place, batch, records)
    batch.customer_of = await customer_links.customers_of(connection, [one.mapped.customer_key for one in mapped])
    sources: list[MappedRecord] = []
    for source in mapped:
        record_id = source.record.record_id
        try:
            asked = trigger(place, source, batch.customer_of[source.mapped.customer_key])
        except (ConditionError, StartError) as error:
            batch.unfit.append((record_id, _unfit(error)))
            continue
        before = made.get(record_id, frozenset())
        batch.made.append((record_id, len(before | {one.kind.name for one in asked})))
        batch.asked += [one for one in asked if one.kind.name not in before]
        sources.append(source)
    await _leave_as_they_are(place, connection, batch, made)
    return sources


def _map_all(place: Workplace, batch: Batch, records: Sequence[TakenRecord]) -> list[MappedRecord]:
    found: list[MappedRecord] = []
    for record in records:
        if is_tombstone(place.project, record):
            batch.made.append((record.record_id, 0))
            continue
        source = _mapped(place, record)
        if isinstance(source, Failure):
            batch.unfit.append((record.record_id, source))
        else:
            found.append(source)
    return found


async def _made_before(connection: Connection, records: Sequence[TakenRecord]) -> Mapping[int, frozenset[str]]:
    """Return the names of what records that are asked again got already, by the record's id."""
    again = [record.record_id for record in records if record.is_asked_again]
    made: dict[int, frozenset[str]] = {}
    for one in await recorded.made_of(connection, again) if again else ():
        made[one.record_id] = made.get(one.record_id, frozenset()) | {one.name}
    return made


async def _leave_as_they_are(
    place: Workplace, connection: Connection, batch: Batch, made: Mapping[int, frozenset[str]]
) -> None:
    """Set nothing aside of which something was made already: a record has one fate."""
    in_vain = [(record_id, failure) for record_id, failure in batch.unfit if record_id in made]
    batch.unfit = [(record_id, failure) for record_id, failure in batch.unfit if record_id not in made]
    batch.made += [(record_id, len(made[record_id])) for record_id, _ in in_vain]
    await ledger.append(
        connection,
        [
            ledger.Entry(
                at=place.now(),
                batch_id=batch.batch_id,
                record_id=record_id,
                event="asked in vain",
                detail={"stage": failure.stage, "kind": failure.kind, "reason": failure.reason},
            )
            for record_id, failure in in_vain
        ],
    )


async def let_wait(
    place: Workplace,
    connection: Connection,
    batch: Batch,
    sources: Sequence[MappedRecord],
    attempt: Attempt,
    *,
    now: datetime,
) -> None:
    """Leave in the batch what begins now; what waits, or is not made, is recorded."""
    new = [
        NewAsk(
            ask=asked.ask,
            batch_id=batch.batch_id,
            priority=priority_of(asked.kind.urgency, attempt.priority),
            member_key=asked.source.mapped.customer_key,
            customer_key=batch.customer_of[asked.source.mapped.customer_key],
            event=asked.source.record.event_type,
            mapping=asked.source.mapping.sha256,
        )
        for asked in batch.asked
        if asked.ask is not None
    ]
    heard = heard_in(place, sources, batch.customer_of)
    members = {*(one.member_key for one in new), *(one.member_key for one in heard if one.member_key is not None)}
    moved = await follow_customers(place, connection, members)
    begin = await ask_for(place, connection, new, heard, now=now)
    await judge_again(place, connection, moved, now=now)
    batch.asked = [asked for asked in batch.asked if asked.ask is None or asked.communication_id in begin]


async def _going_on(place: Workplace, connection: Connection, batch_id: int) -> list[TakenRecord]:
    """Return the new records of feeds that are not stopped; the others wait until theirs are let go on."""
    records = await inbox.unasked(connection, batch_id)
    feeds = {record.record_id: feed_of(place.project, record) for record in records}
    names = {feed.name for feed in feeds.values() if feed is not None}
    stopped = await feed_states.paused(connection, list(names)) if names else frozenset[str]()
    await feed_states.hold(connection, batch_id, list(stopped), place.now())
    return [one for one in records if (feed := feeds[one.record_id]) is None or feed.name not in stopped]


async def trigger_again(place: Workplace, connection: Connection, batch: Batch) -> list[MappedRecord]:
    """Take up communications that were ordered again after they could not be assembled or decided."""
    waiting = await communications.triggered(connection, batch.batch_id)
    records = await inbox.records(connection, [row.record_id for row in waiting])
    sources: list[MappedRecord] = []
    for row in waiting:
        source = _mapped(place, records[row.record_id])
        kind = place.project.communications.get(row.name)
        if isinstance(source, Failure) or kind is None:
            reason = source.reason if isinstance(source, Failure) else f"the project has no communication {row.name!r}"
            failure = Failure(stage="assemble", kind=FailureKind.PROJECT, reason=reason)
            stopped = Stopped(batch_id=batch.batch_id, communication_id=row.communication_id, failure=failure)
            await failing.fail(connection, [stopped], origin=State.TRIGGERED, now=place.now())
            continue
        batch.asked.append(Asked(communication_id=row.communication_id, kind=kind, source=source))
        batch.again.add(row.communication_id)
        sources.append(source)
    return sources


def _mapped(place: Workplace, record: TakenRecord) -> MappedRecord | Failure:
    try:
        return map_record(place.project, record)
    except (BreachError, MappingError) as error:
        return _unfit(error)


def _unfit(error: BreachError | MappingError | ConditionError | StartError) -> Failure:
    """Return why a record is set aside before anything is made of it."""
    # Whether a contract is broken is asked at the door too: one cause is one group.
    stage = "receive" if isinstance(error, BreachError) else "trigger"
    return Failure(stage=stage, kind=FailureKind.INPUT, reason=str(error))
