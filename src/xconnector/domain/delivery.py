"""Delivery events in one vocabulary for all channels, and the status that a set of them means."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DeliveryEventType(StrEnum):
    """What a channel can report of a dispatch. An unknown code becomes UNKNOWN, never an error."""

    ACCEPTED = "accepted"
    """The channel took responsibility."""
    SENT = "sent"
    """It left the channel."""
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DEFERRED = "deferred"
    """Delayed; the channel is still trying."""
    DELIVERED = "delivered"
    """It reached the recipient's system."""
    BOUNCED = "bounced"
    """The recipient's system or the post gave it back."""
    EXPIRED = "expired"
    """Its validity ran out."""
    REJECTED = "rejected"
    """The channel will not try."""
    FAILED = "failed"
    """The channel broke."""
    CANCELLED = "cancelled"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
    AUTOREPLIED = "autoreplied"
    RESPONDED = "responded"
    UNKNOWN = "unknown"
    """Kept raw and shown to operators."""


OF_NOBODY = "?"
"""Before what a channel could tell of no dispatch: the event is kept, counted and shown, and moves nothing."""


class DeliveryReason(StrEnum):
    """Why a dispatch did not arrive. An address is suppressed on its reason, never on a class alone."""

    ADDRESS = "address"
    """There is no such mailbox, number or postal address, or it is closed."""
    MAILBOX_FULL = "mailbox_full"
    CONTENT = "content"
    """Refused for what it holds: spam, virus, size, a page count that does not match."""
    BLOCKED = "blocked"
    """Refused for who sends it: reputation, policy, authentication."""
    UNREACHABLE = "unreachable"
    """The recipient's system did not answer, or could not take it."""
    THROTTLED = "throttled"
    """Too much at once, or too soon."""
    UNSUBSCRIBED = "unsubscribed"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEvent:
    """One fact about one dispatch, as its channel told it."""

    dispatch_key: str
    """`?` and what the outside calls it, where nobody can say which dispatch is meant."""
    type: DeliveryEventType
    occurred_at: datetime
    reason: DeliveryReason | None = None
    detail: str = ""
    """Status code or short diagnostic of the channel, without customer content."""
    final: bool = False
    """The channel will not try this dispatch again."""
    by_machine: bool = False
    """Told to come of a program, such as an image proxy or a link scanner: never a person's doing."""
    raw: bytes = field(default=b"", repr=False)


class DeliveryStatus(StrEnum):
    """The one word for a set of delivery events."""

    UNREPORTED = "unreported"
    ACCEPTED = "accepted"
    SENT = "sent"
    IN_TRANSIT = "in_transit"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    OPENED = "opened"
    RESPONDED = "responded"
    FAILED = "failed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


_RANKED: tuple[tuple[DeliveryStatus, frozenset[DeliveryEventType]], ...] = (
    (DeliveryStatus.COMPLAINED, frozenset({DeliveryEventType.COMPLAINED})),
    (
        DeliveryStatus.BOUNCED,
        frozenset({DeliveryEventType.BOUNCED, DeliveryEventType.REJECTED, DeliveryEventType.EXPIRED}),
    ),
    (DeliveryStatus.FAILED, frozenset({DeliveryEventType.FAILED, DeliveryEventType.CANCELLED})),
    (DeliveryStatus.RESPONDED, frozenset({DeliveryEventType.RESPONDED})),
    (DeliveryStatus.OPENED, frozenset({DeliveryEventType.OPENED, DeliveryEventType.CLICKED})),
    (DeliveryStatus.DELIVERED, frozenset({DeliveryEventType.DELIVERED})),
    (
        DeliveryStatus.IN_TRANSIT,
        frozenset({DeliveryEventType.IN_TRANSIT, DeliveryEventType.OUT_FOR_DELIVERY}),
    ),
    (DeliveryStatus.SENT, frozenset({DeliveryEventType.SENT})),
    (DeliveryStatus.DEFERRED, frozenset({DeliveryEventType.DEFERRED})),
    (DeliveryStatus.ACCEPTED, frozenset({DeliveryEventType.ACCEPTED})),
)


def is_undeliverable(event: DeliveryEvent) -> bool:
    """Say whether this report ends its hop, so that the next one is due.

    A bounce that is not final (the channel tries again) does not.
    """
    return event.final and event.type in {
        DeliveryEventType.BOUNCED,
        DeliveryEventType.REJECTED,
        DeliveryEventType.EXPIRED,
        DeliveryEventType.FAILED,
        DeliveryEventType.CANCELLED,
    }


_OF_PEOPLE = frozenset({DeliveryEventType.OPENED, DeliveryEventType.CLICKED, DeliveryEventType.RESPONDED})
_ONLY_WHEN_FINAL = frozenset({DeliveryEventType.BOUNCED, DeliveryEventType.FAILED, DeliveryEventType.CANCELLED})


def status_of(events: Iterable[DeliveryEvent]) -> DeliveryStatus:
    """Return the status that a set of events means.

    Late, repeated and disordered reports are harmless: only which events there are counts.
    Failures count only when they are final. What a program opened was not opened: it only shows that it was accepted.
    """
    seen = {
        DeliveryEventType.ACCEPTED if event.by_machine and event.type in _OF_PEOPLE else event.type
        for event in events
        if event.final or event.type not in _ONLY_WHEN_FINAL
    }
    for status, types in _RANKED:
        if seen & types:
            return status
    return DeliveryStatus.UNREPORTED
