"""What a decision that is made again means for a communication that is composed, and maybe was tried already."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xconnector.domain.routing.plan import Hop, Medium, Suppression
from xconnector.domain.routing.policy import DeliveryDecision, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """It goes on through these, which replace all that was still ahead."""

    hops: tuple[Hop, ...]
    """At least one."""
    missed: tuple[str, ...] = ()
    """Connections that should come before them and cannot: nothing was composed for them, or for another address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWay:
    """Nothing is left, and nothing says that it need not be sent: people have to find a way."""

    reason: str


Way: TypeAlias = Onward | Suppression | NoWay


def carried_on(
    decision: DeliveryDecision,
    plan: Sequence[str],
    hop: int,
    media: Mapping[str, Medium],
    *,
    moved: Collection[Medium] = (),
) -> Way:
    """Return how a communication goes on that stands before the hop of a plan, by what is decided now.

    Channels that were tried are not tried again. One that was not in the plan joins only where it prints: the letter is
    always composed. `moved` are media of which the customer has another address since it was composed for the old one:
    they are left out. What must be sent is never suppressed.
    """

    def is_composed(name: str) -> bool:
        return media[name] not in moved and (name in plan[hop:] or media[name] is Medium.PRINT)

    decided = () if isinstance(decision.outcome, Suppression) else decision.outcome.hops
    untried = [each for each in decided if each.connection not in plan[:hop]]
    onward = [each for each in untried if is_composed(each.connection)]
    if onward:
        return Onward(hops=tuple(onward), missed=tuple(_names_before(onward[0], untried)))
    if isinstance(decision.outcome, Suppression):
        return decision.outcome
    denials = [_denial(decision.steps, media.get(name)) for name in plan[hop:]]
    if not decision.is_mandatory and denials and all(denials):
        return Suppression(reason=next(step.said for step in denials if step is not None))
    return NoWay(reason=_why_no_way(decision, [each.connection for each in untried], plan[:hop], denials))


def _names_before(hop: Hop, hops: Sequence[Hop]) -> Iterator[str]:
    for each in hops:
        if each is hop:
            return
        yield each.connection


def _denial(steps: Sequence[Step], medium: Medium | None) -> Step | None:
    """Return the step that took a medium away."""
    return next((step for step in steps if step.takes_away and step.medium is medium), None)


def _why_no_way(
    decision: DeliveryDecision, uncomposed: Sequence[str], tried: Sequence[str], denials: Sequence[Step | None]
) -> str:
    told = [
        "it must be sent and no channel is left" if decision.is_mandatory else "no channel is left",
        *(f"{', '.join(uncomposed)}: nothing was composed for it, or for another address" for _ in uncomposed[:1]),
        *(f"{', '.join(tried)}: tried already" for _ in tried[:1]),
        *(f"{step.medium}: {step.said} (row {step.row} of table {step.table})" for step in denials if step is not None),
    ]
    return f"{'; '.join(told)}. Let its source order it anew, or reach the customer by hand"
