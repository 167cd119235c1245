"""The order of checks, asked: from the tables and the facts to a plan or a suppression, with every step to it.

A medium that one check takes away is asked about no more, and no later check gives it back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.routing.asking import default_step, demands, forbidden_by_law, hours, permissions, prices, wishes
from xconnector.domain.routing.check_outputs import Demand
from xconnector.domain.routing.place import Place, inputs_of_costs, inputs_of_medium, spelled_place
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Medium, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import Check, DeliveryDecision, DeliveryPolicy, Facts, Step
from xconnector.domain.routing.route_cell import Proposal, ProposedHop
from xconnector.domain.routing.windows import Window, window_beside

OWN_QUIET_HOURS = "customer.quiet_hours"
"""The input that says when the customer wants to be left in peace, such as 21:00-08:00."""
_DISTURBING = frozenset({Medium.EMAIL, Medium.SMS, Medium.PUSH})
_BEFORE_PREFERENCE = (Check.SUPPRESSION, Check.WITHDRAWAL, Check.CONSENT)
_STRENGTH: Mapping[ProofOfMailing | None, int] = {proof: at for at, proof in enumerate((None, *ProofOfMailing))}


class NoMediumError(DecisionError):
    """A table names a connection of which nobody knows by which medium it reaches people."""


class NothingLeftError(DecisionError):
    """It must be sent and there is no way left: people must find one. It is never suppressed."""

    def __init__(self, message: str, steps: tuple[Step, ...] = ()) -> None:
        super().__init__(message)
        self.steps = steps
        """All that led there, in the order of the checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What the law wants of a communication, however it is decided."""

    is_mandatory: bool = False
    leave_within: int | None = None
    """Days, from that of the decision, after which it must be on its way."""


def obligation_of(policy: DeliveryPolicy, facts: Facts) -> Obligation:
    """Return what the law wants of what could not be decided; nothing where its tables have no answer either."""
    try:
        said = [demand for _, demand in _asked_law(policy, facts)]
    except DecisionError:
        return Obligation()
    return Obligation(is_mandatory=any(demand.is_mandatory for demand in said), leave_within=_fewest_days(said))


def decide_delivery(policy: DeliveryPolicy, facts: Facts) -> DeliveryDecision:
    """Ask every check in its order; return the plan or the suppression.

    Raises DecisionError: a table has no answer or says something odd, or NothingLeftError.
    """
    return _Delivery(policy, facts).decision()


def quiet_windows(policy: DeliveryPolicy, facts: Facts, medium: Medium, *, is_mandatory: bool) -> tuple[Window, ...]:
    """Return the hours that all have to be open for a medium; none where it may be used at any time.

    The customer's own quiet hours count beside those of the tables, for what disturbs and no law wants sent.

    Raises DecisionError.
    """
    asked = _Tables(policy, facts, is_mandatory=is_mandatory)
    own = None if is_mandatory or medium not in _DISTURBING else window_beside(str(facts.common.get(OWN_QUIET_HOURS)))
    said = [window for _, window in asked.windows(medium)]
    return tuple(window for window in (*said, own) if window is not None)


def _asked_law(policy: DeliveryPolicy, facts: Facts) -> Sequence[tuple[Step, Demand]]:
    return [demands(table).answer(facts.common, facts.day) for table in policy.checks.get(Check.MUST_SEND, ())]


def _fewest_days(said: Iterable[Demand]) -> int | None:
    return min((demand.within_days for demand in said if demand.within_days is not None), default=None)


class _Tables:
    """The tables that speak of one medium, asked about one communication."""

    def __init__(self, policy: DeliveryPolicy, facts: Facts, *, is_mandatory: bool) -> None:
        self._checks = policy.checks
        self._facts = facts
        self._is_mandatory = is_mandatory
        self._inputs: dict[Medium, Mapping[str, Any]] = {}

    def permissions(self, check: Check, medium: Medium) -> Iterator[Step]:
        """Yield what each table says of a medium, up to the first that takes it away."""
        for table in self._checks.get(check, ()):
            step, _ = permissions(check, table).answer(self._inputs_of(medium), self._facts.day, medium=medium)
            yield step
            if step.takes_away:
                return

    def windows(self, medium: Medium) -> Iterator[tuple[Step, Window | None]]:
        for table in self._checks.get(Check.QUIET_HOURS, ()):
            step, said = hours(table).answer(self._inputs_of(medium), self._facts.day, medium=medium)
            yield step, said.window

    def costs(self, connection: str, medium: Medium, proof: ProofOfMailing | None) -> Iterator[tuple[Step, Decimal]]:
        tables = self._checks.get(Check.COST)
        if tables is None:
            return
        inputs = inputs_of_costs(self._inputs_of(medium), connection, proof)
        for table in tables:
            step, said = prices(table).answer(inputs, self._facts.day, medium=medium, connection=connection)
            yield step, said.cost

    def _inputs_of(self, medium: Medium) -> Mapping[str, Any]:
        inputs = self._inputs.get(medium)
        if inputs is None:
            inputs = self._inputs[medium] = inputs_of_medium(self._facts, medium, is_mandatory=self._is_mandatory)
        return inputs


class _Delivery:
    """One decision, on its way through the checks. Steps are added in their order."""

    def __init__(self, policy: DeliveryPolicy, facts: Facts) -> None:
        self._policy = policy
        self._facts = facts
        self._steps: list[Step] = []
        self._denials: dict[Medium, Step] = {}
        """The step that took each medium away."""
        self._demands = _asked_law(policy, facts)
        self._mandate = next((step for step, demand in self._demands if demand.is_mandatory), None)
        """The first row that wants it sent."""
        self._tables = _Tables(policy, facts, is_mandatory=self._mandate is not None)

    def decision(self) -> DeliveryDecision:
        preference, wish = wishes(self._policy.route).answer(self._facts.common, self._facts.day)
        wished = wish.proposed.hops if isinstance(wish.proposed, Proposal) else ()
        media = self._media_concerned(wished)
        self._ask_law(media)
        for check in _BEFORE_PREFERENCE:
            self._ask_permission(check, media)
        self._steps.append(preference)
        self._ask_permission(Check.FORMAT, media)
        default = self._default(wished)
        self._ask_quiet_hours(wished, default)
        hops = [hop for each in wished for hop in self._cheapest_first(each)]
        if default is not None and self._mandate is not None:
            hops.append(self._hop(default, ProposedHop(choices=(default,))))
            self._steps.append(default_step(self._mandate, wish, default, self._medium(default)))
        return DeliveryDecision(
            outcome=DeliveryPlan(hops=tuple(hops)) if hops else self._nothing_left(wish.proposed),
            steps=tuple(self._steps),
            is_mandatory=self._mandate is not None,
            leave_within=_fewest_days(demand for _, demand in self._demands),
        )

    # ------------------------------------------------------------------------ what is taken away

    def _media_concerned(self, wished: Iterable[ProposedHop]) -> Sequence[Medium]:
        media = [self._medium(name) for hop in wished for name in hop.choices]
        if self._mandate is not None and self._policy.default is not None:
            media.append(self._medium(self._policy.default))
        return list(dict.fromkeys(media))

    def _ask_law(self, media: Sequence[Medium]) -> None:
        self._steps += (step for step, _ in self._demands)
        for medium in media:
            denials = (forbidden_by_law(step, demand, medium) for step, demand in self._demands)
            if (denial := next(filter(None, denials), None)) is not None:
                self._denials[medium] = denial
        self._steps += self._denials.values()

    def _ask_permission(self, check: Check, media: Sequence[Medium]) -> None:
        if check not in self._policy.checks:
            return
        for medium in media:
            if medium not in self._denials:
                steps = [*self._tables.permissions(check, medium)]
                self._steps += steps
                if steps and steps[-1].takes_away:
                    self._denials[medium] = steps[-1]

    def _is_left(self, connection: str) -> bool:
        return self._medium(connection) not in self._denials

    def _medium(self, connection: str) -> Medium:
        medium = self._policy.media.get(connection)
        if medium is None:
            error = NoMediumError(f"{connection} is no channel of this project: mend the table that names it")
            error.place = spelled_place(Place(check=Check.PREFERENCE, table=self._policy.route.name))
            raise error
        return medium

    # ------------------------------------------------------------------------ what is left

    def _default(self, wished: Iterable[ProposedHop]) -> str | None:
        """Return the connection that stands last because it must be sent and is in the plan by no other way."""
        name = self._policy.default
        if self._mandate is None or name is None or not self._is_left(name):
            return None
        return None if any(name in hop.choices for hop in wished) else name

    def _ask_quiet_hours(self, wished: Iterable[ProposedHop], default: str | None) -> None:
        """Keep what the tables say, so that one without an answer is told before anything is composed."""
        if Check.QUIET_HOURS not in self._policy.checks:
            return
        names = [name for hop in wished for name in hop.choices if self._is_left(name)]
        for medium in dict.fromkeys(self._medium(name) for name in (*names, *([default] if default else []))):
            self._steps += (step for step, _ in self._tables.windows(medium))

    def _cheapest_first(self, wish: ProposedHop) -> Sequence[Hop]:
        hops = [self._hop(name, wish) for name in wish.choices if self._is_left(name)]
        return sorted(hops, key=lambda hop: hop.cost or 0) if len(hops) > 1 else hops

    def _hop(self, connection: str, wish: ProposedHop) -> Hop:
        medium = self._medium(connection)
        proof = self._stronger(wish.proof) if medium is Medium.PRINT else None
        return Hop(connection=connection, wait=wish.wait, proof=proof, cost=self._cost(connection, medium, proof))

    def _stronger(self, proof: ProofOfMailing | None) -> ProofOfMailing | None:
        """Return the strongest proof that the route and the laws want."""
        return max((proof, *(demand.proof for _, demand in self._demands)), key=_STRENGTH.__getitem__)

    def _cost(self, connection: str, medium: Medium, proof: ProofOfMailing | None) -> Decimal | None:
        total = None
        for step, cost in self._tables.costs(connection, medium, proof):
            self._steps.append(step)
            total = cost if total is None else total + cost
        return total

    def _nothing_left(self, proposed: Proposal | Suppression) -> Suppression:
        if self._mandate is not None:
            raise NothingLeftError(self._why_nothing_is_left(self._mandate), tuple(self._steps))
        if isinstance(proposed, Suppression):
            return proposed
        return Suppression(reason=self._denials[self._medium(proposed.connections[0])].said)

    def _why_nothing_is_left(self, mandate: Step) -> str:
        taken = "; ".join(
            f"{medium}: {step.said} (row {step.row} of table {step.table})" for medium, step in self._denials.items()
        )
        return (
            f"it must be sent (row {mandate.row} of table {mandate.table}) and no channel is left"
            f"{': ' + taken if taken else ''}; name a default that may be used, or reach the customer by hand"
        )
