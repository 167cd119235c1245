"""decide: the channels in order, or a suppression with its reason; the rows that said so are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.routing.checks import obligation_of
from xconnector.domain.routing.plan import Hop, Suppression
from xconnector.domain.routing.policy import DeliveryPolicy, Facts
from xconnector.pipeline.assemble import Assembled
from xconnector.pipeline.grounds import Grounds
from xconnector.pipeline.workplace import Workplace
from xconnector.project.routing import Routing, facts_of, route
from xconnector.store import decisions
from xconnector.store.communications import HopTerms, Terms
from xconnector.store.decisions import DecisionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided of one communication."""

    assembled: Assembled
    routing: Routing

    @property
    def state(self) -> State:
        return State.DECIDED if plan_of(self.routing) else State.SUPPRESSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A communication of which a table has no answer, or that must be sent and finds no way."""

    assembled: Assembled
    policy: DeliveryPolicy
    facts: Facts = field(repr=False)
    """What the tables saw."""
    error: DecisionError


def decide(place: Workplace, assembled: Assembled, grounds: Grounds) -> Outcome | Undecided:
    """Ask the tables that are in force, in the order of the checks.

    Raises DecisionError when one of them is not in force, so that nothing could be asked.
    """
    kind = assembled.asked.kind
    policy = grounds.policies.of(kind)
    # Not the document's date, which has no fraction of a second: what was said a moment ago counts.
    facts = facts_of(place.project, kind, assembled.known, assembled.values, at=grounds.at)
    try:
        return Outcome(assembled=assembled, routing=route(kind, policy, facts))
    except DecisionError as error:
        return Undecided(assembled=assembled, policy=policy, facts=facts, error=error)


def plan_of(routing: Routing) -> tuple[str, ...]:
    """Return the connections in order; none for a suppression."""
    outcome = routing.delivery.outcome
    return () if isinstance(outcome, Suppression) else tuple(hop.connection for hop in outcome.hops)


def terms_of(routing: Routing) -> Terms:
    """Return what was decided beside the order of the channels."""
    delivery = routing.delivery
    hops = () if isinstance(delivery.outcome, Suppression) else delivery.outcome.hops
    within = delivery.leave_within
    return Terms(
        hops=hop_terms(hops),
        record_class=routing.record_class,
        print_options=routing.arrangement.print_options,
        is_mandatory=delivery.is_mandatory,
        leave_by=None if within is None else routing.facts.day + timedelta(days=within),
    )


def hop_terms(hops: Sequence[Hop]) -> tuple[HopTerms, ...]:
    """Return what was decided of each hop."""
    return tuple(HopTerms(wait=hop.wait, proof=hop.proof) for hop in hops)


def told(routing: Routing) -> dict[str, Any]:
    """Return what the ledger tells of a decision: what follows, and which rows said so. No value of the customer."""
    delivery = routing.delivery
    deciding = delivery.deciding
    said: dict[str, Any] = {"table": deciding.table, "sha256": deciding.table_sha256, "row": deciding.row}
    if deciding.cite:
        said["cite"] = deciding.cite
    if isinstance(delivery.outcome, Suppression):
        said["suppressed"] = delivery.outcome.reason
    else:
        said["route"] = list(plan_of(routing))
        said["review"] = routing.review
    if delivery.is_mandatory:
        said["mandatory"] = True
    return said


def proof_of(row: DecisionRow) -> dict[str, Any]:
    """Return what the ledger tells beside a decision, so that it proves what is kept of it."""
    return {"kept": {"occasion": row.occasion, "sha256": row.sha256}}


def decision_row(
    communication_id: UUID, routing: Routing, *, name: str, customer_key: str, at: datetime
) -> DecisionRow:
    """Return what is kept of a decision: which rows decided, on which facts."""
    return decisions.decided(
        communication_id,
        routing.facts,
        routing.delivery,
        name=name,
        customer_key=customer_key,
        policy_sha256=routing.policy.sha256,
        at=at,
        beside=routing.arrangement.steps,
    )


def undecided_row(one: Undecided, *, at: datetime) -> DecisionRow:
    """Return what is kept of what could not be decided: on which facts, and what had no answer."""
    asked = one.assembled.asked
    return unanswered_row(
        asked.communication_id,
        one.policy,
        one.facts,
        one.error,
        name=asked.kind.name,
        customer_key=asked.source.mapped.customer_key,
        at=at,
    )


def unanswered_row(
    communication_id: UUID,
    policy: DeliveryPolicy,
    facts: Facts,
    error: DecisionError,
    *,
    name: str,
    customer_key: str,
    at: datetime,
) -> DecisionRow:
    """Return what is kept of a question without an answer."""
    return decisions.undecided(
        communication_id,
        facts,
        error,
        obligation_of(policy, facts),
        name=name,
        customer_key=customer_key,
        policy_sha256=policy.sha256,
        at=at,
    )
