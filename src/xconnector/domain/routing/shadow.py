"""Shadows: versions of tables that are asked beside those in force, and of which nobody acts on what they say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xconnector.domain.decision.deciding import DecisionError, Match, decide_all
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.place import inputs_at, place_of
from xconnector.domain.routing.plan import DeliveryPlan, ProofOfMailing
from xconnector.domain.routing.policy import DeliveryDecision, DeliveryPolicy, Facts, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowAnswer:
    """What a shadow answered to one question, beside the table in force."""

    table: str
    shadow_sha256: str
    in_force_sha256: str
    in_force_row: str
    shadow_row: str | None
    """None where the shadow has no answer."""
    differs: bool
    """Whether the two say something else, by whatever row."""
    reason: str | None = None
    """Why the shadow has no answer."""


def shadowed(
    policy: DeliveryPolicy,
    shadow_tables: Mapping[str, Sequence[DecisionTable]],
    facts: Facts,
    decision: DeliveryDecision,
    *,
    beside: Sequence[Step] = (),
) -> Sequence[ShadowAnswer]:
    """Ask the shadows, by name of the table in force, every question that the tables in force were asked.

    `beside` are steps of tables that decided nothing of the delivery. An answer that is missing is an answer of the
    shadow: nothing is raised. Answers that agree are among them, so that it can be told of how many some differ.
    """
    if not shadow_tables:
        return ()
    in_force = {table.sha256: table for table in policy.tables}
    return tuple(
        _answer(in_force[step.table_sha256], shadow, step, facts, decision)
        for step in (*decision.steps, *beside)
        if step.table in shadow_tables and step.table_sha256 in in_force and place_of(step).is_question
        for shadow in shadow_tables[step.table]
    )


def _answer(
    in_force: DecisionTable, shadow: DecisionTable, step: Step, facts: Facts, decision: DeliveryDecision
) -> ShadowAnswer:
    proof = next(_proofs(decision, step.connection), None)
    inputs = inputs_at(place_of(step), facts, is_mandatory=decision.is_mandatory, proof=proof)
    try:
        matches = decide_all(shadow, inputs, on=facts.day)
    except DecisionError as error:
        row, differs, reason = None, True, str(error)
    else:
        row, differs, reason = _ids(matches), _says_otherwise(in_force, step.row, matches), None
    return ShadowAnswer(
        table=step.table,
        shadow_sha256=shadow.sha256,
        in_force_sha256=in_force.sha256,
        in_force_row=step.row,
        shadow_row=row,
        differs=differs,
        reason=reason,
    )


def _proofs(decision: DeliveryDecision, connection: str | None) -> Iterator[ProofOfMailing | None]:
    hops = decision.outcome.hops if isinstance(decision.outcome, DeliveryPlan) else ()
    return (hop.proof for hop in hops if hop.connection == connection)


def _says_otherwise(in_force: DecisionTable, row: str, matches: Sequence[Match]) -> bool:
    return [in_force.row_by_id[row].then] != [match.outputs for match in matches]


def _ids(matches: Sequence[Match]) -> str:
    return ", ".join(match.row.id for match in matches)
