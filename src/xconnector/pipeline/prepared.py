"""What becomes of a batch's records, gathered before anything is written, and then written as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.failure import Failure
from xconnector.pipeline import failing
from xconnector.pipeline.assemble import Assembled, freeze
from xconnector.pipeline.decide import (
    Outcome,
    Undecided,
    decision_row,
    plan_of,
    proof_of,
    terms_of,
    told,
    undecided_row,
)
from xconnector.pipeline.freshness import flags
from xconnector.pipeline.trigger import Asked
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.store import communications, decisions, failures, inbox, ledger
from xconnector.store.communications import Decided
from xconnector.store.decisions import DecisionRow
from xconnector.store.failures import Stopped


@dataclass(slots=True)
class Batch:
    """What becomes of the batch's records, gathered before anything is written."""

    batch_id: int
    asked: list[Asked] = field(default_factory=list[Asked])
    customer_of: Mapping[str, str] = field(default_factory=dict[str, str])
    """The customer of each member that a new record names; what is made names the member, who may be parted again."""
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


async def write_batch(place: Workplace, connection: Connection, batch: Batch, *, now: datetime) -> None:
    """Write what was set aside, decided, and stopped, with its decisions and the ledger."""
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


async def _keep(connection: Connection, batch: Batch, rows: Sequence[DecisionRow]) -> Sequence[DecisionRow]:
    """Keep what was decided, of what was triggered again as its next occasion; return what is kept."""
    first = [row for row in rows if row.communication_id not in batch.again]
    again = [row for row in rows if row.communication_id in batch.again]
    await decisions.remember(connection, first)
    return [*first, *(await decisions.remember_again(connection, again) if again else ())]


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


def _entries(batch: Batch, proofs: Mapping[UUID, Mapping[str, Any]], now: datetime) -> list[ledger.Entry]:
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
    return f"{source} {as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(
    batch: Batch, asked: Asked, now: datetime, event: str, state: State, detail: Mapping[str, Any]
) -> ledger.Entry:
    return ledger.Entry(
        at=now,
        batch_id=batch.batch_id,
        communication_id=asked.communication_id,
        event=event,
        state=state,
        detail=detail,
    )
