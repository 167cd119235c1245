"""One thing that the outside told of one recipient, before it is known which dispatch it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason


class BounceClass(StrEnum):
    """Whether the same thing may work another time. It says nothing of the address: only a reason does."""

    HARD = "hard"
    """It never will."""
    SOFT = "soft"
    """It may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One report of one recipient in our words."""

    type: DeliveryEventType
    bounce_class: BounceClass | None = None
    """Of what did not arrive, where that can be told."""
    reason: DeliveryReason | None = None
    """Of what did not arrive."""
    recipient: str | None = field(default=None, repr=False)
    """Address or number, as the outside spelled it."""
    status_code: str | None = None
    """Enhanced status code (RFC 3463), SMTP reply code, or the provider's own code."""
    final: bool = False
    """Nobody will try this hand-over again."""
    detail: str = ""
    """Short, in our words or as a provider's code word, without customers' content."""
    occurred_at: datetime | None = None
    """As told; None where nothing usable was."""
    event_id: str | None = None
    """The teller's own id of this report: the same report twice has it twice."""
    provider_id: str | None = None
    """The teller's id of what was handed over."""
    references: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What was given along at the hand-over and comes back: metadata, tags, custom arguments."""
    by_machine: bool = False
    """Told to come of a program: a scanner, an image proxy, an automatic receipt. Never a person's doing."""

    def event(self, dispatch_key: str, *, arrived_at: datetime, raw: bytes = b"") -> DeliveryEvent:
        """Return the delivery event of a dispatch; none happened after the news of it arrived."""
        return DeliveryEvent(
            dispatch_key=dispatch_key,
            type=self.type,
            occurred_at=min(self.occurred_at or arrived_at, arrived_at),
            reason=self.reason,
            detail=self.detail,
            final=self.final,
            by_machine=self.by_machine,
            raw=raw,
        )
