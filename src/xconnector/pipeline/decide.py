"""decide: the channels in order, or a suppression with its reason; the row that said so is kept."""

from dataclasses import dataclass
from typing import Any

from xconnector.domain.communication import State
from xconnector.domain.routing.plan import RouteDecision, Suppression
from xconnector.pipeline.assemble import Assembled
from xconnector.pipeline.workplace import Workplace
from xconnector.project.presentation import day_of
from xconnector.project.routing import route_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was decided of one communication."""

    assembled: Assembled
    decision: RouteDecision

    @property
    def state(self) -> State:
        return State.SUPPRESSED if isinstance(self.decision.outcome, Suppression) else State.DECIDED

    @property
    def plan(self) -> tuple[str, ...]:
        """The connections in order; none for a suppression."""
        if isinstance(self.decision.outcome, Suppression):
            return ()
        return tuple(hop.connection for hop in self.decision.outcome.hops)

    @property
    def explanation(self) -> dict[str, Any]:
        """Which row of which table said what, and which inputs it saw."""
        decision = self.decision
        said: dict[str, Any] = {"table": decision.table, "sha256": decision.table_sha256, "row": decision.row}
        if decision.cite:
            said["cite"] = decision.cite
        if isinstance(decision.outcome, Suppression):
            said["suppressed"] = decision.outcome.reason
        else:
            said["route"] = list(self.plan)
            said["review"] = decision.review
        said["inputs"] = decision.inputs
        return said


def decide(place: Workplace, assembled: Assembled) -> Outcome:
    """Ask the communication's routing table.

    Raises DecisionError when no row fits or an input that a row looks at is missing.
    """
    asked = assembled.asked
    issued_on = day_of(assembled.issued_at, place.project.locale.timezone)
    return Outcome(
        assembled=assembled,
        decision=route_values(place.project, asked.kind, assembled.customer.fields, assembled.values, on=issued_on),
    )
