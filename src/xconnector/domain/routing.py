"""Delivery plans: the channels in order, or the reason for not sending."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One channel of a plan, named by its connection."""

    connection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPlan:
    """Channels in order: the first is tried first, a bounce or refusal takes the next."""

    hops: tuple[Hop, ...]

    @classmethod
    def through(cls, *connections: str) -> "DeliveryPlan":
        return cls(hops=tuple(Hop(connection=name) for name in connections))

    def hop(self, index: int) -> Hop | None:
        """Return the hop at `index` (from 0), or None when the plan is used up."""
        return self.hops[index] if 0 <= index < len(self.hops) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A deliberate decision not to send."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecision:
    """What the routing table said, with the row that said it and the inputs it saw."""

    outcome: DeliveryPlan | Suppression
    review: str | None
    """The role that must approve before release; None releases at once."""
    table: str
    table_sha256: str
    row: str
    inputs: dict[str, Any]
    cite: str | None = None
