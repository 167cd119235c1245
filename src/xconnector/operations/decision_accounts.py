"""What was decided of one communication, and why: told again from kept rows and the tables of that day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from xconnector.domain.communication import State
from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.decision.explaining import explain, nearest_misses
from xconnector.domain.routing.place import inputs_at, place_of
from xconnector.domain.routing.plan import DeliveryPlan, Suppression
from xconnector.domain.routing.policy import DeliveryDecision, DeliveryPolicy, Facts, Step
from xconnector.domain.routing.told_again import steps_of, table_at
from xconnector.domain.routing.why import in_full, in_order, sentence
from xconnector.operations.past_policies import PastPolicies
from xconnector.postgres.connect import Connection
from xconnector.store import decisions
from xconnector.store.communications import Found
from xconnector.store.decision_text import NO_ROW
from xconnector.store.decisions import DecisionRow
from xconnector.store.ledger import Entry

_REROUTED = "rerouted"
_ROW_CHANGED = "it is not what the ledger tells was kept: it was changed past us; restore it from a backup"
_FACTS_CHANGED = "what the tables saw is not what was kept: it was changed past us; restore it from a backup"
_STOPPED = {
    State.FAILED: "It has stopped, and people have to look at it",
    State.OUTCOME_UNKNOWN: "Whether it arrived is not known, and people have to find out",
    State.CANCELLED: "It was cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAccount:
    """What one row said, and why others did not."""

    line: str
    """Numbered, without values of the customer."""
    step: Step
    others: Sequence[str] = field(default=(), repr=False)
    """The rows of the table that came closest, with what kept each from answering; these tell what the tables saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAccount:
    """What was decided on one occasion."""

    decided_at: datetime
    day: date
    """As of which rows of the tables counted."""
    is_mandatory: bool
    leave_within: int | None
    """Days, after which it must be on its way."""
    outcome: DeliveryPlan | Suppression | None
    """None where it could not be decided."""
    failed: str | None
    """Why it could not be decided."""
    steps: Sequence[StepAccount]
    """In the order of the checks; none where its tables are not kept as they were."""
    facts: Mapping[str, Any] | None = field(repr=False)
    """By input, what the tables saw; None when it was erased, or is not what was kept."""
    trouble: str | None = None
    """Why it, or what the tables saw, cannot be told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionHistory:
    """Everything that was decided of one communication, and why it is as it is."""

    why: str | None
    """In one sentence; None where nothing was decided, or it cannot be told again."""
    accounts: Sequence[DecisionAccount]
    """The first decision, then those right before hand-overs."""


async def decision_history(connection: Connection, found: Found, history: Sequence[Entry]) -> DecisionHistory:
    """Return what was decided of a communication, by the tables that decided; `history` is what its ledger tells."""
    rows = await decisions.of_communication(connection, found.communication_id)
    policies = PastPolicies()
    await policies.learn(connection, [row.policy_sha256 for row in rows])
    proven = _proven(history)
    told = [_Told(row, policies[row.policy_sha256], proven.get(row.occasion, row.sha256)) for row in rows]
    why = _why_it_stopped(found, history) or (told[-1].why(found, history) if told else None)
    return DecisionHistory(why=why, accounts=[one.account for one in told])


class _Told:
    """One recorded decision, with the policy that made it, and the digest of which the ledger tells."""

    def __init__(self, row: DecisionRow, policy: DeliveryPolicy | None, sha256: str) -> None:
        self._row = row
        self._policy = policy
        self._is_as_kept = row.sha256 == sha256
        self._facts = row.facts if row.has_its_facts else None
        self._trouble: str | None = None if row.has_its_facts else _FACTS_CHANGED
        self._steps = self._told_again()

    @property
    def account(self) -> DecisionAccount:
        outcome, facts = self._row.outcome, self._facts
        return DecisionAccount(
            decided_at=self._row.decided_at,
            day=self._row.day,
            is_mandatory=outcome.mandatory,
            leave_within=outcome.within,
            outcome=outcome.plan,
            failed=outcome.failed,
            steps=() if self._steps is None else [*self._accounts(self._steps)],
            facts=None if facts is None else _flat(facts),
            trouble=self._trouble,
        )

    def why(self, found: Found, history: Sequence[Entry]) -> str | None:
        """Say why it goes where it goes now."""
        if self._steps is None or self._policy is None:
            return None
        plan = self._row.outcome.plan
        if plan is None:
            return f"It could not be decided: {self._row.outcome.failed}"
        decided = DeliveryDecision(
            outcome=plan,
            steps=self._steps,
            is_mandatory=self._row.outcome.mandatory,
            leave_within=self._row.outcome.within,
        )
        if found.state == State.SUPPRESSED or not found.plan:
            return sentence(decided, self._policy.media)
        # Hops that were left out when it was decided again are no part of its way any more.
        hops = () if isinstance(plan, Suppression) else tuple(hop for hop in plan.hops if hop.connection in found.plan)
        at = min(found.hop, len(found.plan) - 1)
        if found.plan[at] not in {hop.connection for hop in hops}:
            return None
        decision = replace(decided, outcome=DeliveryPlan(hops=hops))
        cause = _cause(found, at, history) or _missed(plan, found, found.plan[at])
        return sentence(decision, self._policy.media, found.plan[at], cause=cause)

    def _told_again(self) -> tuple[Step, ...] | None:
        if not self._is_as_kept:
            self._trouble = _ROW_CHANGED
            return None
        if self._policy is None:
            self._trouble = "its policy or one of its tables is not kept as it was: restore them from a backup"
            return None
        try:
            answered = {place: row for place, row in self._row.rows.items() if row != NO_ROW}
            return steps_of(answered, self._policy)
        except (DecisionError, ValueError) as wrong:
            self._trouble = str(wrong)
            return None

    def _accounts(self, steps: Sequence[Step]) -> Iterator[StepAccount]:
        for line, step in zip(in_full(steps), in_order(steps), strict=True):
            yield StepAccount(line=line, step=step, others=[*self._others(step)])

    def _others(self, step: Step) -> Iterator[str]:
        """Yield why the nearest other rows did not answer; nothing where what the table saw was erased."""
        place, facts = place_of(step), self._facts
        if self._policy is None or facts is None or not place.is_question:
            return
        proofs = {hop.to: hop.proof for hop in self._row.outcome.hops}
        proof = proofs.get(step.connection or "")
        inputs = inputs_at(place, facts, is_mandatory=self._row.outcome.mandatory, proof=proof)
        accounts = explain(table_at(place, self._policy), inputs, on=facts.day)
        yield from (str(account) for account in nearest_misses(accounts))


def _why_it_stopped(found: Found, history: Sequence[Entry]) -> str | None:
    """Say what keeps it from going anywhere; None where nothing does."""
    said = _STOPPED.get(State(found.state))
    if said is None:
        return None
    details = (entry.detail for entry in reversed(history) if entry.state == found.state)
    last = next((detail for detail in details if detail is not None), None)
    return f"{said}: {last['reason']}." if last is not None and "reason" in last else f"{said}."


def _missed(outcome: DeliveryPlan | Suppression, found: Found, connection: str) -> str | None:
    """Say for which connections that should come first nothing was composed; None where there are none."""
    if isinstance(outcome, Suppression):
        return None
    names = [hop.connection for hop in outcome.hops]
    before = names[: names.index(connection)] if connection in names else []
    missed = [name for name in before if name not in found.plan]
    return f"nothing was composed for {', '.join(missed)}, or for another address" if missed else None


def _proven(history: Sequence[Entry]) -> Mapping[int, str]:
    """Return by occasion the digests of kept decisions of which the ledger tells; older entries tell none."""
    told = (entry.detail["kept"] for entry in history if entry.detail is not None and "kept" in entry.detail)
    return {int(kept["occasion"]): str(kept["sha256"]) for kept in told}


def _cause(found: Found, at: int, history: Sequence[Entry]) -> str | None:
    """Say what became of the hop before; None where it goes there first."""
    if at == 0:
        return None
    # Where tables were asked again, their steps tell why; here counts what channels said.
    told = [entry.detail for entry in history if entry.event == _REROUTED and entry.detail is not None]
    because = next((detail["because"] for detail in reversed(told) if "decision" not in detail), None)
    before = found.plan[at - 1]
    return f"{before} did not reach the customer{f' ({because})' if because else ''}"


def _flat(facts: Facts) -> Mapping[str, Any]:
    """Return facts by input, those of a medium with its name behind."""
    by_medium = {
        f"{name} ({medium})": value for medium, known in facts.by_medium.items() for name, value in known.items()
    }
    return {**facts.common, **by_medium}
