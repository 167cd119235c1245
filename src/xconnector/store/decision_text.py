"""Decisions as the text that is kept of them: facts, rows and outcome as compact JSON.

The same facts have the same text, in whatever order they were gathered, so that its digest proves them.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.routing.checks import NothingLeftError, Obligation
from xconnector.domain.routing.place import spelled_place
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Medium, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import DeliveryDecision, Facts, Step

NO_ROW = ""
"""What stands for the row where a table had no answer."""
_encoder = Encoder(order="deterministic")
_compact = Encoder()
_SECONDS = timedelta(seconds=1)


class KeptHop(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A hop as it is kept."""

    to: str
    """The connection."""
    wait: int | None = None
    """Seconds."""
    proof: ProofOfMailing | None = None
    cost: Decimal | None = None

    @classmethod
    def of(cls, hop: Hop) -> "KeptHop":
        wait = None if hop.wait is None else hop.wait // _SECONDS
        return cls(to=hop.connection, wait=wait, proof=hop.proof, cost=hop.cost)

    @property
    def hop(self) -> Hop:
        wait = None if self.wait is None else timedelta(seconds=self.wait)
        return Hop(connection=self.to, wait=wait, proof=self.proof, cost=self.cost)


class KeptOutcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a decision: hops, a suppression, or the reason for which there is neither."""

    hops: tuple[KeptHop, ...] = ()
    suppressed: str | None = None
    """The reason for not sending."""
    failed: str | None = None
    """Why it could not be decided."""
    mandatory: bool = False
    within: int | None = None
    """Days, after which it must be on its way."""

    @property
    def plan(self) -> DeliveryPlan | Suppression | None:
        """Where it was to go; None where that could not be decided."""
        if self.failed is not None:
            return None
        if self.suppressed is not None:
            return Suppression(reason=self.suppressed)
        return DeliveryPlan(hops=tuple(kept.hop for kept in self.hops))


class _KeptFacts(Struct, frozen=True, kw_only=True):
    common: dict[str, Any]
    by_medium: dict[Medium, dict[str, Any]]


_outcomes = Decoder(KeptOutcome)
_facts = Decoder(_KeptFacts)
_rows = Decoder(dict[str, str])


def facts_bytes(facts: Facts) -> bytes:
    """Return facts, without their day, as the text whose digest is kept."""
    return _encoder.encode({"common": facts.common, "by_medium": facts.by_medium})


def facts_of(text: str, *, day: date) -> Facts:
    """Read facts as they were kept. Dates and decimals have become text, which tables read as the same values."""
    kept = _facts.decode(text)
    return Facts(day=day, common=kept.common, by_medium=kept.by_medium)


def unanswered_text(error: DecisionError) -> str:
    """Return which rows answered before something could not be decided: all, or the place that had no answer alone."""
    if isinstance(error, NothingLeftError):
        return rows_text(error.steps)
    return _compact.encode({} if error.place is None else {error.place: NO_ROW}).decode()


def rows_text(steps: Iterable[Step]) -> str:
    """Return which row answered at each place."""
    return _compact.encode({spelled_place(step): step.row for step in steps}).decode()


def rows_of(text: str) -> Mapping[str, str]:
    """Read the ids of rows, by place; `NO_ROW` where the table had no answer."""
    return _rows.decode(text)


def outcome_text(decision: DeliveryDecision) -> str:
    """Return what a decision came to."""
    outcome = decision.outcome
    if isinstance(outcome, Suppression):
        kept = KeptOutcome(suppressed=outcome.reason, mandatory=decision.is_mandatory, within=decision.leave_within)
    else:
        hops = tuple(KeptHop.of(hop) for hop in outcome.hops)
        kept = KeptOutcome(hops=hops, mandatory=decision.is_mandatory, within=decision.leave_within)
    return _compact.encode(kept).decode()


def failed_text(error: DecisionError, obligation: Obligation) -> str:
    """Return that something could not be decided, why, and what the law wants of it."""
    kept = KeptOutcome(failed=str(error), mandatory=obligation.is_mandatory, within=obligation.leave_within)
    return _compact.encode(kept).decode()


def outcome_of(text: str) -> KeptOutcome:
    """Read what a decision came to."""
    return _outcomes.decode(text)
