"""Why it goes this way, in one sentence and in full: told from steps, as decided just now or as kept."""

from collections.abc import Iterable, Mapping, Sequence

from xconnector.domain.routing.media import way_of, word_for
from xconnector.domain.routing.plan import DeliveryPlan, Medium, Suppression
from xconnector.domain.routing.policy import Check, DeliveryDecision, Step
from xconnector.domain.routing.route_cell import Proposal, ProposedHop, proposal_of

_ORDER: Mapping[Check, int] = {check: at for at, check in enumerate(Check)}


def sentence(
    decision: DeliveryDecision,
    media: Mapping[str, Medium],
    connection: str | None = None,
    *,
    cause: str | None = None,
) -> str:
    """Say in one sentence why it goes through a connection, or why not; without one, why it was not sent.

    Where a hop before it was tried, `cause` says what became of that: `the e-mail bounced`. The sentence holds what
    tables say and that cause, and no other value of a customer.
    """
    account = _Account(decision, media)
    if connection is None:
        return f"It was not sent because {account.why_not_sent}."
    if connection not in account.plan:
        return f"It does not go {account.way(connection)}: {account.why_not(connection)}."
    if cause is None and (before := account.before(connection)) is not None:
        return (
            f"It goes {account.way(connection)} when {before} does not reach the customer: {account.why(connection)}."
        )
    causes = f"{cause}; " if cause else ""
    return f"It goes {account.way(connection)} because {causes}{account.why(connection)}."


def in_full(steps: Iterable[Step]) -> Sequence[str]:
    """Return a numbered line for each step, in the order of the checks: what was asked, what was said, and by whom."""
    return [f"{at}. {_line(step)}" for at, step in enumerate(in_order(steps), start=1)]


def in_order(steps: Iterable[Step]) -> Sequence[Step]:
    """Return steps in the order of the checks; those of one check stay as they stand."""
    return sorted(steps, key=lambda step: _ORDER[step.check])


def _line(step: Step) -> str:
    asked = str(step.check) if step.medium is None else f"{step.check}, {word_for(step.medium)}"
    taken = "taken away: " if step.takes_away else ""
    return f"{asked}: {taken}{step.said} ({_row(step)})"


class _Account:
    """What the steps of one decision tell about its connections."""

    def __init__(self, decision: DeliveryDecision, media: Mapping[str, Medium]) -> None:
        self._media = media
        self.plan: Sequence[str] = (
            [hop.connection for hop in decision.outcome.hops] if isinstance(decision.outcome, DeliveryPlan) else []
        )
        self._steps = decision.steps
        self._preference = self._first(Check.PREFERENCE)
        self._proposed = None if self._preference is None else proposal_of(self._preference.said)
        self._denials = {step.medium: step for step in decision.steps if step.takes_away}

    def way(self, connection: str) -> str:
        """Return where it goes: `to print (print_house)`."""
        medium = self._media.get(connection)
        if medium is None:
            return f"through {connection}"
        return way_of(medium) if connection == medium else f"{way_of(medium)} ({connection})"

    def before(self, connection: str) -> str | None:
        """Return what is tried just before it, None for the first."""
        at = self.plan.index(connection)
        return self._called(self.plan[at - 1]) if at else None

    def why(self, connection: str) -> str:
        """Say why a connection stands where it stands in the plan."""
        taken = self._taken(self._passed_over(connection))
        if connection not in self._wished:
            return "; ".join([*([taken] if taken else []), self._why_default(connection)])
        if taken:
            return f"{taken}; {self._called(connection)} is next in {self._route}"
        if self.before(connection) is not None:
            return f"{self._called(connection)} is next in {self._route}"
        return self._why_cheaper(connection) or f"{self._route} says so{_cited(self._preference)}"

    def why_not(self, connection: str) -> str:
        denial = self._denials.get(self._media.get(connection))
        if denial is not None:
            return f"{denial.said} ({_row(denial)})"
        return f"{self._route} does not name {connection}"

    @property
    def why_not_sent(self) -> str:
        if isinstance(self._proposed, Suppression):
            return f"{self._route} suppresses it: {self._proposed.reason}{_cited(self._preference)}"
        return self._taken(self._wished) or "nothing is left of its plan"

    # ------------------------------------------------------------------------ clauses

    def _taken(self, connections: Iterable[str]) -> str:
        """Tell of each medium of these connections that it was taken away, and why."""
        denials = dict.fromkeys(self._denials.get(self._media.get(name)) for name in connections)
        told = [
            f"{word_for(denial.medium)} was taken away: {denial.said} ({_row(denial)})"
            for denial in denials
            if denial is not None and denial.medium is not None
        ]
        return ", and ".join(told)

    def _why_default(self, connection: str) -> str:
        mandate = self._first(Check.DEFAULT)
        by = f" ({_row(mandate)})" if mandate is not None else ""
        takes = f"it must be sent{by}, and {self._called(connection)} takes what is left"
        return f"{self._route} may not suppress it: {takes}" if isinstance(self._proposed, Suppression) else takes

    def _why_cheaper(self, connection: str) -> str | None:
        """Tell of the costs where they, and not the order as written, put a connection first."""
        wish = next(hop for hop in self._hops if connection in hop.choices)
        left = [name for name in wish.choices if name in self.plan]
        if left[0] == connection:
            return None
        prices = (step for step in self._steps if step.check is Check.COST)
        price = next((step for step in prices if step.connection == connection), None)
        by = f" ({_row(price)})" if price is not None else ""
        names = " or ".join(self._called(name) for name in left)
        return f"{self._route} leaves open {names}, and {self._called(connection)} costs least{by}"

    # ------------------------------------------------------------------------ words

    @property
    def _route(self) -> str:
        step = self._preference
        return "the route" if step is None else f"row {step.row} of {step.table}"

    @property
    def _hops(self) -> Sequence[ProposedHop]:
        return self._proposed.hops if isinstance(self._proposed, Proposal) else ()

    @property
    def _wished(self) -> Sequence[str]:
        """Every connection that the route names, in its order."""
        return [name for hop in self._hops for name in hop.choices]

    def _passed_over(self, connection: str) -> Sequence[str]:
        """Return what the route names between the hop before in the plan and this one."""
        wished, at = self._wished, self.plan.index(connection)
        before = self.plan[at - 1] if at else None
        first = wished.index(before) + 1 if before in wished else 0
        return wished[first : wished.index(connection) if connection in wished else None]

    def _called(self, connection: str) -> str:
        medium = self._media.get(connection)
        return word_for(medium) if medium is not None and connection == medium else connection

    def _first(self, check: Check) -> Step | None:
        return next((step for step in self._steps if step.check is check), None)


def _row(step: Step) -> str:
    return f"row {step.row} of {step.table}{f', {step.cite}' if step.cite else ''}"


def _cited(step: Step | None) -> str:
    return f" ({step.cite})" if step is not None and step.cite else ""
