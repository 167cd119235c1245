"""prepare: trigger, assemble and decide, for a whole batch in one transaction.

These three only read and write our own tables, so no job boundary stands between them.
"""

from collections.abc import Sequence
from datetime import datetime

from xconnector.domain.communication import State
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.routing.shadow import shadowed
from xconnector.execution.jobs import Attempt
from xconnector.pipeline.asking import priority_of
from xconnector.pipeline.assemble import assemble
from xconnector.pipeline.changes import news_of_changes
from xconnector.pipeline.decide import Outcome, decide
from xconnector.pipeline.freshness import refusal, stale_feeds
from xconnector.pipeline.grounds import Policies, grounds_of, policies_in_force
from xconnector.pipeline.prepared import Batch, write_batch
from xconnector.pipeline.triggering import let_wait, trigger_again, trigger_new
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction
from xconnector.project.contact_forms import written_alike
from xconnector.project.data_contract import ContractError
from xconnector.project.judging_records import MappedRecord
from xconnector.project.mapping import RecordMapping
from xconnector.project.mapping_versions import kept_form
from xconnector.store import customers, mappings, shadow_answers


async def prepare(place: Workplace, attempt: Attempt, batch_id: int) -> None:
    """Turn the batch's records into decided communications, and hand them on to be composed."""

    async def write(connection: Connection) -> None:
        now = place.now()
        batch = Batch(batch_id=batch_id)
        sources = await trigger_new(place, connection, batch)
        await let_wait(place, connection, batch, sources, attempt, now=now)
        sources += await trigger_again(place, connection, batch)
        news = [*_news(place, sources), *(await _news_of_changes(place, connection, sources))]
        await customers.remember(connection, news, now)
        policies = await policies_in_force(place, connection, at=now)
        await _assemble_and_decide(place, connection, batch, policies, now=now)
        await mappings.keep(connection, [kept_form(one) for one in _mappings_of(sources)], now)
        await write_batch(place, connection, batch, now=now)
        await policies.remember(connection)
        await _ask_shadows(connection, batch, policies, now=now)
        if decided := [outcome for outcome in batch.outcomes if outcome.state is State.DECIDED]:
            priority = _most_urgent(decided, attempt.priority)
            await place.jobs.defer(connection, "compose", priority=priority, batch_id=batch_id)

    await in_transaction(place.pool, write)


# ---------------------------------------------------------------- customers


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
            verified=source.mapped.verified,
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
    place: Workplace, connection: Connection, batch: Batch, policies: Policies, *, now: datetime
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


async def _ask_shadows(connection: Connection, batch: Batch, policies: Policies, *, now: datetime) -> None:
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
