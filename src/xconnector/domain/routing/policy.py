"""The order of checks: which tables decide about a delivery, what they see, and what each of them said."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.plan import DeliveryPlan, Medium, Suppression


class Check(StrEnum):
    """The checks, in the order in which they count: what an earlier one takes away no later one gives back."""

    MUST_SEND = "must send"
    """The law wants it sent, and may fix the media, the proof of mailing and the days."""
    SUPPRESSION = "suppression"
    """The customer has died, or an address is known not to work."""
    WITHDRAWAL = "withdrawal"
    """The customer has said no."""
    CONSENT = "consent"
    """The customer has said yes, where category and jurisdiction ask for it."""
    PREFERENCE = "preference"
    """The routing table: what the customer wishes, and what the house proposes."""
    FORMAT = "alternate format"
    """Whether a medium can carry large print, braille or plain text."""
    QUIET_HOURS = "quiet hours"
    """When a medium may disturb."""
    COST = "cost"
    """The cheaper of two that the routing table leaves open."""
    DEFAULT = "default"
    """What is left for what must be sent."""
    REVIEW = "review"
    """Beside the plan: who must approve it."""
    RETENTION = "retention"
    """Under which record class it is kept."""
    PRINT = "print options"
    """What is said to the print house of the piece."""


PERMISSIONS = (Check.SUPPRESSION, Check.WITHDRAWAL, Check.CONSENT, Check.FORMAT)
"""The checks that ask, medium by medium, whether it may be used at all."""


@dataclass(frozen=True, kw_only=True)
class DeliveryPolicy:
    """The tables that decide about one kind of communication. Of several tables of one check each has to agree."""

    route: DecisionTable
    checks: Mapping[Check, tuple[DecisionTable, ...]] = field(default_factory=dict[Check, tuple[DecisionTable, ...]])
    """Of every check but preference and default, whose tables are `route`; one that is not there asks nothing."""
    media: Mapping[str, Medium] = field(default_factory=dict[str, Medium])
    """By connection."""
    default: str | None = None
    """The connection that takes what must be sent when nothing else is left."""

    @property
    def tables(self) -> Iterator[DecisionTable]:
        """Every table that may be asked."""
        yield self.route
        for check in Check:
            yield from self.checks.get(check, ())

    @cached_property
    def content(self) -> str:
        """Which tables stand where, by their digests, as one canonical JSON text."""
        told = {
            "route": self.route.sha256,
            "checks": {
                check: [table.sha256 for table in self.checks[check]] for check in Check if check in self.checks
            },
            "media": dict(sorted(self.media.items())),
            "default": self.default,
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def sha256(self) -> str:
        """Digest of `content`: the same policy always has the same."""
        return hashlib.sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the tables see of one communication. JSON types, dates and decimals; it is customer content."""

    day: date
    """As of which rows count."""
    common: Mapping[str, Any] = field(repr=False)
    """By input, whatever the medium."""
    by_medium: Mapping[Medium, Mapping[str, Any]] = field(repr=False)
    """By medium, the inputs that speak of it, such as `consent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one row of one table said."""

    check: Check
    table: str
    table_sha256: str
    row: str
    said: str
    """In a few words, without values of the customer."""
    cite: str | None = None
    medium: Medium | None = None
    """The medium it was asked about."""
    connection: str | None = None
    """The connection it was asked about, where one was: costs are asked hop by hop."""
    takes_away: bool = False
    """Whether the medium was taken out of the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDecision:
    """The plan or the suppression, and every step that led there."""

    outcome: DeliveryPlan | Suppression
    steps: tuple[Step, ...]
    """In the order of the checks."""
    is_mandatory: bool = False
    """Whether a law wants it sent."""
    leave_within: int | None = None
    """Days, from that of the decision, after which it must be on its way."""

    @property
    def proposal(self) -> Step:
        """What the routing table said, before anything was taken away."""
        return next(step for step in self.steps if step.check is Check.PREFERENCE)

    @property
    def deciding(self) -> Step:
        """What the outcome follows from: of a suppression what took the medium away, else the routing table."""
        outcome = self.outcome
        if isinstance(outcome, DeliveryPlan):
            return self.proposal
        denials = (step for step in self.steps if step.takes_away and step.said == outcome.reason)
        return next(denials, self.proposal)
