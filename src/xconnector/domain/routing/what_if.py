"""What if: what a changed table would have done to deliveries that were decided.

Deliveries are decided anew as a whole, with everything else as it was: the facts, the day, and the other tables.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.decision.replay import MOST_EXAMPLES, CommunicationId
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.checks import NothingLeftError, decide_delivery
from xconnector.domain.routing.plan import DeliveryPlan, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import DeliveryPolicy, Facts

NOT_SENT = "not sent"
"""What stands for the first channel of a suppression."""
NO_WAY = "no way left"
"""What stands for the first channel where it must be sent and nothing is left."""
NO_ANSWER = "no answer"
"""What stands for the first channel where a table has no answer."""
NOT_DECIDED = "not decided"
"""What stands for the first channel of what could not be decided then, and where that stays so."""
_MOST_REASONS = 100
_FURTHER_REASONS = "further reasons of other kinds"

Outcome: TypeAlias = DeliveryPlan | Suppression | None
"""None is what could not be decided."""


def with_table(policy: DeliveryPolicy, table: DecisionTable) -> DeliveryPolicy | None:
    """Return the policy with the table of this name replaced, or None where it has none of this name."""
    if all(one.name != table.name for one in policy.tables):
        return None
    return replace(
        policy,
        route=table if policy.route.name == table.name else policy.route,
        checks={
            check: tuple(table if one.name == table.name else one for one in tables)
            for check, tables in policy.checks.items()
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouted:
    """One delivery, as it was and as it would have been."""

    old_channel: str
    """The first connection, or `NOT_SENT` or `NOT_DECIDED`."""
    new_channel: str
    """The first connection, or `NOT_SENT`, `NO_WAY` or `NO_ANSWER`, or `NOT_DECIDED` as before."""
    is_another: bool
    """Whether the way differs: connections, their order, waiting times or proofs, or whether it is sent at all."""
    old_cost: Decimal | None
    """Of the first piece; none for what is not sent, None where no table said."""
    new_cost: Decimal | None
    reason: str | None = None
    """Why it would not be sent or could not be decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChange:
    """How often one first channel became another, or stayed."""

    old: str
    new: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChange:
    """What pieces cost, before and after, in the project's currency."""

    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Deliveries that have one reason in common."""

    reason: str
    number: int
    examples: tuple[CommunicationId, ...]
    """Ids of communications, `MOST_EXAMPLES` at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a changed table would have done."""

    decided: int
    """Deliveries that were decided anew."""
    other_ways: int
    """Of these, how many would have gone another way, in some hop, or not at all."""
    channels: tuple[ChannelChange, ...]
    """First channels: changes before what stays, the largest first."""
    first_hops: CostChange
    """The first piece of every delivery whose costs are known before and after."""
    whole_plans: CostChange
    """The same if every hop were taken."""
    without_cost: int
    """Deliveries that are in neither sum: no table says what one of their pieces costs, or there is no decision."""
    newly_suppressed: tuple[Reason, ...]
    newly_sent: int
    """Deliveries that were suppressed then."""
    newly_decided: int
    """Deliveries that could not be decided then."""
    still_undecided: tuple[Reason, ...]
    """Deliveries that could not be decided then and cannot now."""
    left_without_way: tuple[Reason, ...]
    """Deliveries that must be sent and find no way any more."""
    without_answer: tuple[Reason, ...]
    """Deliveries for which some table has no answer any more."""


@dataclass(slots=True)
class _Reasons:
    """Reasons with some examples each; what comes when there are many of them is counted as one."""

    numbers: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, list[CommunicationId]] = field(default_factory=dict[str, list[CommunicationId]])

    def add(self, reason: str, communication_id: CommunicationId) -> None:
        if reason not in self.numbers and len(self.numbers) >= _MOST_REASONS:
            reason = _FURTHER_REASONS
        self.numbers[reason] += 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < MOST_EXAMPLES:
            examples.append(communication_id)

    def told(self) -> tuple[Reason, ...]:
        return tuple(
            Reason(reason=reason, number=number, examples=tuple(self.examples[reason]))
            for reason, number in self.numbers.most_common()
        )


class WhatIf:
    """Gathers what becomes of deliveries; memory grows with what is told, not with what is decided."""

    def __init__(self) -> None:
        self._channels: Counter[tuple[str, str]] = Counter()
        self._other_ways = 0
        self._newly_sent = 0
        self._newly_decided = 0
        self._without_cost = 0
        self._first_hops = [Decimal(), Decimal()]
        self._whole_plans = [Decimal(), Decimal()]
        self._suppressed = _Reasons()
        self._still_undecided = _Reasons()
        self._without_way = _Reasons()
        self._without_answer = _Reasons()

    def decide(self, communication_id: CommunicationId, old: Outcome, policy: DeliveryPolicy, facts: Facts) -> Rerouted:
        """Decide a delivery anew, and count what becomes of it. `policy` has the changed table in it."""
        try:
            new = decide_delivery(policy, facts).outcome
        except DecisionError as error:
            refused = self._still_refused if old is None else self._refused
            rerouted = refused(communication_id, old, error)
        else:
            rerouted = self._decided(communication_id, old, new)
        self._channels[rerouted.old_channel, rerouted.new_channel] += 1
        self._other_ways += rerouted.is_another
        return rerouted

    def consequences(self) -> Consequences:
        """Return what was found so far."""
        channels = sorted(self._channels.items(), key=lambda item: (item[0][0] == item[0][1], -item[1], item[0]))
        return Consequences(
            decided=self._channels.total(),
            other_ways=self._other_ways,
            channels=tuple(ChannelChange(old=old, new=new, number=number) for (old, new), number in channels),
            first_hops=CostChange(before=self._first_hops[0], after=self._first_hops[1]),
            whole_plans=CostChange(before=self._whole_plans[0], after=self._whole_plans[1]),
            without_cost=self._without_cost,
            newly_suppressed=self._suppressed.told(),
            newly_sent=self._newly_sent,
            newly_decided=self._newly_decided,
            still_undecided=self._still_undecided.told(),
            left_without_way=self._without_way.told(),
            without_answer=self._without_answer.told(),
        )

    def _decided(self, communication_id: CommunicationId, old: Outcome, new: Outcome) -> Rerouted:
        if isinstance(new, Suppression) and isinstance(old, DeliveryPlan):
            self._suppressed.add(new.reason, communication_id)
        if isinstance(new, DeliveryPlan) and isinstance(old, Suppression):
            self._newly_sent += 1
        self._newly_decided += old is None
        self._add_costs(old, new)
        return Rerouted(
            old_channel=_channel(old),
            new_channel=_channel(new),
            is_another=_way(old) != _way(new),
            old_cost=_first_cost(old),
            new_cost=_first_cost(new),
            reason=new.reason if isinstance(new, Suppression) else None,
        )

    def _still_refused(self, communication_id: CommunicationId, old: Outcome, error: DecisionError) -> Rerouted:
        self._still_undecided.add(str(error), communication_id)
        self._without_cost += 1
        return Rerouted(
            old_channel=_channel(old),
            new_channel=NOT_DECIDED,
            is_another=False,
            old_cost=None,
            new_cost=None,
            reason=str(error),
        )

    def _refused(self, communication_id: CommunicationId, old: Outcome, error: DecisionError) -> Rerouted:
        reason = str(error)
        is_without_way = isinstance(error, NothingLeftError)
        (self._without_way if is_without_way else self._without_answer).add(reason, communication_id)
        self._without_cost += 1
        return Rerouted(
            old_channel=_channel(old),
            new_channel=NO_WAY if is_without_way else NO_ANSWER,
            is_another=True,
            old_cost=_first_cost(old),
            new_cost=None,
            reason=reason,
        )

    def _add_costs(self, old: Outcome, new: Outcome) -> None:
        costs = [_costs(old), _costs(new)]
        if old is None or None in costs[0] or None in costs[1]:
            self._without_cost += 1
            return
        for at, known in enumerate(costs):
            some = [cost for cost in known if cost is not None]
            self._first_hops[at] += some[0] if some else 0
            self._whole_plans[at] += sum(some)


def _channel(outcome: Outcome) -> str:
    if outcome is None:
        return NOT_DECIDED
    return outcome.hops[0].connection if isinstance(outcome, DeliveryPlan) else NOT_SENT


def _way(outcome: Outcome) -> tuple[tuple[str, timedelta | None, ProofOfMailing | None], ...] | None:
    if outcome is None:
        return None
    if isinstance(outcome, Suppression):
        return ()
    return tuple((hop.connection, hop.wait, hop.proof) for hop in outcome.hops)


def _costs(outcome: Outcome) -> tuple[Decimal | None, ...]:
    return tuple(hop.cost for hop in outcome.hops) if isinstance(outcome, DeliveryPlan) else ()


def _first_cost(outcome: Outcome) -> Decimal | None:
    if outcome is None:
        return None
    return outcome.hops[0].cost if isinstance(outcome, DeliveryPlan) else Decimal()
