"""prepare: trigger, assemble and decide, for a whole batch in one transaction.

These three only read and write our own tables, so no job boundary stands between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.routing.shadow import shadowed
from xconnector.domain.trigger.start import StartError
from xconnector.execution.jobs import Attempt
from xconnector.pipeline import failing
from xconnector.pipeline.asking import NewAsk, ask_for, priority_of
from xconnector.pipeline.assemble import Assembled, assemble, freeze
from xconnector.pipeline.changes import news_of_changes
from xconnector.pipeline.decide import (
    Outcome,
    Undecided,
    decide,
    decision_row,
    plan_of,
    proof_of,
    terms_of,
    told,
    undecided_row,
)
from xconnector.pipeline.freshness import flags, refusal, stale_feeds
from xconnector.pipeline.grounds import Policies, grounds_of, policies_in_force
from xconnector.pipeline.promises import BreachError
from xconnector.pipeline.same_customer import as_customers
from xconnector.pipeline.trigger import Asked, MappedRecord, feed_of, heard_in, is_tombstone, map_record, trigger
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.project.condition import ConditionError
from xconnector.project.contact_forms import written_alike
from xconnector.project.data_contract import ContractError
from xconnector.project.mapping import MappingError, RecordMapping
from xconnector.project.mapping_versions import kept_form
from xconnector.store import (
    communications,
    customers,
    decisions,
    failures,
    feed_states,
    inbox,
    ledger,
    mappings,
    recorded,
    shadow_answers,
)
from xconnector.store.communications import Decided
from xconnector.store.decisions import DecisionRow
from xconnector.store.failures import Stopped
from xconnector.store.inbox import TakenRecord


@dataclass(slots=True)
class _Batch:
    """What becomes of the batch's records, gathered before anything is written."""

    batch_id: int
    asked: list[Asked] = field(default_factory=list[Asked])
    again: set[UUID] = field(default_factory=set[UUID])
    """Those of them that were asked for before, and could not be assembled or decided then."""
    made: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    unfit: list[tuple[int, Failure]] = field(default_factory=list[tuple[int, Failure]])
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    undecided: list[Undecided] = field(default_factory=list[Undecided])
    """Those of the stopped that tables were asked about."""
    stale: Mapping[str, str] = field(default_factory=dict[str, str])
    """Feeds that some of them need and that are stale, each with a sentence."""
    stopped: list[tuple[Asked, Failure]] = field(default_factory=list[tuple[Asked, Failure]])


async def prepare(place: Workplace, attempt: Attempt, batch_id: int) -> None:
    """Turn the batch's records into decided communications, and hand them on to be composed."""

    async def write(connection: Connection) -> None:
        now = place.now()
        batch = _Batch(batch_id=batch_id)
        sources = await _trigger(place, connection, batch)
        await _let_wait(place, connection, batch, sources, attempt, now=now)
        sources += await _trigger_again(place, connection, batch)
        news = [*_news(place, sources), *(await _news_of_changes(place, connection, sources))]
        await customers.remember(connection, news, now)
        batch.asked = await as_customers(connection, batch.asked)
        policies = await policies_in_force(place, connection, at=now)
        await _assemble_and_decide(place, connection, batch, policies, now=now)
        await mappings.keep(connection, [kept_form(one) for one in _mappings_of(sources)], now)
        await _write(place, connection, batch, now=now)
        await policies.remember(connection)
        await _ask_shadows(connection, batch, policies, now=now)
        if decided := [outcome for outcome in batch.outcomes if outcome.state is State.DECIDED]:
            priority = _most_urgent(decided, attempt.priority)
            await place.jobs.defer(connection, "compose", priority=priority, batch_id=batch_id)

    await in_transaction(place.pool, write)


# ---------------------------------------------------------------- trigger


async def _trigger(place: Workplace, connection: Connection, batch: _Batch) -> list[MappedRecord]:
    """Ask every new record which communications it wants; one that fits no mapping or condition is set aside."""
    sources: list[MappedRecord] = []
    records = await _going_on(place, connection, batch.batch_id)
    known = await _made_before(connection, records)
    for record in records:
        if is_tombstone(place.project, record):
            batch.made.append((record.record_id, 0))
            continue
        source = _mapped(place, record)
        if isinstance(source, Failure):
            batch.unfit.append((record.record_id, source))
            continue
        try:
            asked = trigger(place, source)
        except (ConditionError, StartError) as error:
            batch.unfit.append((record.record_id, _unfit(error)))
            continue
        batch.made.append((record.record_id, len(asked)))
        batch.asked += [one for one in asked if (record.record_id, one.kind.name) not in known]
        sources.append(source)
    return sources


async def _made_before(connection: Connection, records: Sequence[TakenRecord]) -> set[tuple[int, str]]:
    """Return what records that are asked again got already, as (record id, name of the communication)."""
    again = [record.record_id for record in records if record.is_asked_again]
    return {(one.record_id, one.name) for one in await recorded.made_of(connection, again)} if again else set()


async def _let_wait(
    place: Workplace,
    connection: Connection,
    batch: _Batch,
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
            customer_key=asked.source.mapped.customer_key,
            event=asked.source.record.event_type,
        )
        for asked in batch.asked
        if asked.ask is not None
    ]
    begin = await ask_for(place, connection, new, heard_in(place, sources), now=now)
    batch.asked = [asked for asked in batch.asked if asked.ask is None or asked.communication_id in begin]


async def _going_on(place: Workplace, connection: Connection, batch_id: int) -> list[TakenRecord]:
    """Return the new records of feeds that are not stopped; the others wait until theirs are let go on."""
    records = await inbox.unasked(connection, batch_id)
    feeds = {record.record_id: feed_of(place.project, record) for record in records}
    names = {feed.name for feed in feeds.values() if feed is not None}
    stopped = await feed_states.paused(connection, list(names)) if names else frozenset[str]()
    await feed_states.hold(connection, batch_id, list(stopped), place.now())
    return [one for one in records if (feed := feeds[one.record_id]) is None or feed.name not in stopped]


async def _trigger_again(place: Workplace, connection: Connection, batch: _Batch) -> list[MappedRecord]:
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


def _mappings_of(sources: Sequence[MappedRecord]) -> list[RecordMapping]:
    """Return the mappings that were used, each once; most batches use one."""
    return list({source.mapping.sha256: source.mapping for source in sources}.values())


def _news(place: Workplace, sources: Sequence[MappedRecord]) -> list[CustomerRecord]:
    """What the records say of their customers, telephone numbers and the like in their one form."""
    return [
        CustomerRecord(
            customer_key=source.mapped.customer_key,
            source=source.record.source,
            as_of=source.as_of,
            fields={}
            if source.is_deleted
            else written_alike(source.mapped.customer_fields, place.project.home_country),
            replaces_all=source.is_deleted,
        )
        for source in sources
        if (source.mapped.customer_fields or source.is_deleted) and source.change is None
    ]


async def _news_of_changes(
    place: Workplace, connection: Connection, sources: Sequence[MappedRecord]
) -> list[CustomerRecord]:
    changes = [source for source in sources if source.change is not None]
    return await news_of_changes(connection, changes, home_country=place.project.home_country)


# ---------------------------------------------------------------- assemble and decide


async def _assemble_and_decide(
    place: Workplace, connection: Connection, batch: _Batch, policies: Policies, *, now: datetime
) -> None:
    keys = [asked.source.mapped.customer_key for asked in batch.asked]
    grounds = await grounds_of(connection, policies, keys, at=now)
    batch.stale = await stale_feeds(place, connection, [asked.kind for asked in batch.asked], now=now)
    for asked in batch.asked:
        if (stopped := refusal(asked.kind, batch.stale)) is not None:
            batch.stopped.append((asked, stopped))
            continue
        try:
            assembled = assemble(place, asked, grounds.known[asked.source.mapped.customer_key], now=now)
            decided = decide(place, assembled, grounds)
        except ContractError as error:
            batch.stopped.append((asked, Failure(stage="assemble", kind=FailureKind.INPUT, reason=str(error))))
        except DecisionError as error:
            batch.stopped.append((asked, _undecided(error)))
        else:
            if isinstance(decided, Outcome):
                batch.outcomes.append(decided)
            else:
                batch.undecided.append(decided)
                batch.stopped.append((asked, _undecided(decided.error)))


def _most_urgent(outcomes: Sequence[Outcome], otherwise: int) -> int:
    """Return how urgently a batch goes on: as its most urgent communication."""
    return max(priority_of(outcome.assembled.asked.kind.urgency, otherwise) for outcome in outcomes)


def _undecided(error: DecisionError) -> Failure:
    return Failure(stage="decide", kind=FailureKind.PROJECT, reason=str(error))


# ---------------------------------------------------------------- write


async def _write(place: Workplace, connection: Connection, batch: _Batch, *, now: datetime) -> None:
    await failing.set_aside(connection, batch.batch_id, batch.unfit, now=now)
    await inbox.set_made(connection, batch.made)
    decided = [
        _decided(outcome.assembled.asked, batch.batch_id, outcome.state, plan_of(outcome.routing))
        for outcome in batch.outcomes
    ]
    decided += [_decided(asked, batch.batch_id, State.FAILED, ()) for asked, _ in batch.stopped]
    await communications.remember(connection, decided, now)
    assemblies = [
        freeze(place, outcome.assembled, terms_of(outcome.routing), review_role=outcome.routing.review)
        for outcome in batch.outcomes
    ]
    await communications.freeze(connection, assemblies)
    rows = [_decision(outcome, now) for outcome in batch.outcomes]
    rows += [undecided_row(one, at=now) for one in batch.undecided]
    kept = await _keep(connection, batch, rows)
    stopped = [
        Stopped(batch_id=batch.batch_id, communication_id=asked.communication_id, failure=failure)
        for asked, failure in batch.stopped
    ]
    await failures.remember(connection, stopped, now)
    proofs = {row.communication_id: proof_of(row) for row in kept}
    await ledger.append(connection, _entries(batch, proofs, now))


async def _keep(connection: Connection, batch: _Batch, rows: Sequence[DecisionRow]) -> Sequence[DecisionRow]:
    """Keep what was decided, of what was triggered again as its next occasion; return what is kept."""
    first = [row for row in rows if row.communication_id not in batch.again]
    again = [row for row in rows if row.communication_id in batch.again]
    await decisions.remember(connection, first)
    return [*first, *(await decisions.remember_again(connection, again) if again else ())]


async def _ask_shadows(connection: Connection, batch: _Batch, policies: Policies, *, now: datetime) -> None:
    """Let the versions of tables that are tried out answer beside; nothing follows from what they say."""
    shadows = policies.tables.shadows
    if not shadows:
        return
    answers = [
        (
            outcome.assembled.asked.communication_id,
            shadowed(
                outcome.routing.policy,
                shadows,
                outcome.routing.facts,
                outcome.routing.delivery,
                beside=outcome.routing.arrangement.steps,
            ),
        )
        for outcome in batch.outcomes
    ]
    await shadow_answers.remember(connection, answers, now)


def _decision(outcome: Outcome, now: datetime) -> DecisionRow:
    asked = outcome.assembled.asked
    return decision_row(
        asked.communication_id,
        outcome.routing,
        name=asked.kind.name,
        customer_key=asked.source.mapped.customer_key,
        at=now,
    )


def _decided(asked: Asked, batch_id: int, state: State, plan: tuple[str, ...]) -> Decided:
    return Decided(
        communication_id=asked.communication_id,
        batch_id=batch_id,
        record_id=asked.source.record.record_id,
        name=asked.kind.name,
        customer_key=asked.source.mapped.customer_key,
        state=state,
        plan=plan,
    )


def _entries(batch: _Batch, proofs: Mapping[UUID, Mapping[str, Any]], now: datetime) -> list[ledger.Entry]:
    """First that each was triggered, then what was decided of it, with the digest of what is kept of that."""
    entries = [
        _entry(
            batch,
            asked,
            now,
            "triggered",
            State.TRIGGERED,
            {"event": asked.source.record.event_type, "mapping": asked.source.mapping.sha256},
        )
        for asked in batch.asked
    ]
    for outcome in batch.outcomes:
        assembled = outcome.assembled
        detail: dict[str, Any] = {"decision": told(outcome.routing), "customer": _sources_of(assembled)}
        detail |= proofs.get(assembled.asked.communication_id, {})
        if stale := flags(assembled.asked.kind, batch.stale):
            detail["stale"] = stale
        entries.append(_entry(batch, assembled.asked, now, outcome.state.value, outcome.state, detail))
    for asked, failure in batch.stopped:
        detail = {"stage": failure.stage, "kind": failure.kind, "reason": failure.reason}
        detail |= proofs.get(asked.communication_id, {})
        entries.append(_entry(batch, asked, now, "failed", State.FAILED, detail))
    return entries


def _sources_of(assembled: Assembled) -> dict[str, str]:
    """Which source each field of the golden record came from."""
    return {name: _told(origin.source, origin.as_of) for name, origin in assembled.customer.provenance.items()}


@lru_cache(maxsize=4096)
def _told(source: str, as_of: datetime) -> str:
    """Name one origin; the fields of a record, and often the records of a run, share theirs."""
    return f"{source} {as_of:%Y-%m-%dT%H:%M:%SZ}"


def _entry(
    batch: _Batch, asked: Asked, now: datetime, event: str, state: State, detail: Mapping[str, Any]
) -> ledger.Entry:
    return ledger.Entry(
        at=now,
        batch_id=batch.batch_id,
        communication_id=asked.communication_id,
        event=event,
        state=state,
        detail=detail,
    )
