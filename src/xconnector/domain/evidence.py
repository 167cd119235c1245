"""How strong the evidence is that a communication reached its recipient: a pure reading of everything reported."""

from collections.abc import Iterable
from enum import StrEnum

from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, is_undeliverable


class Evidence(StrEnum):
    """What is proven, from the weakest to the strongest."""

    NONE = "none"
    HANDED_OVER = "handed over"
    """We gave it to a channel, which took it."""
    ACCEPTED = "accepted"
    """The channel says that it has taken responsibility, or has sent it on."""
    DELIVERED = "delivered"
    """The recipient's system, handset or letter box has it, by the word of the channel."""
    OPENED = "opened by a person"
    """Somebody looked at it, or answered. What image proxies and link scanners open does not count."""

    @property
    def strength(self) -> int:
        """The higher, the more is proven."""
        return _ORDER.index(self)


_ORDER = tuple(Evidence)
_ON_ITS_WAY = frozenset(
    {
        DeliveryEventType.ACCEPTED,
        DeliveryEventType.SENT,
        DeliveryEventType.IN_TRANSIT,
        DeliveryEventType.OUT_FOR_DELIVERY,
        DeliveryEventType.DEFERRED,
        DeliveryEventType.BOUNCED,
        DeliveryEventType.EXPIRED,
    }
)
"""Who tries, tries again, or gives back what it could not deliver had it."""
_THERE = frozenset(
    {
        DeliveryEventType.DELIVERED,
        DeliveryEventType.AUTOREPLIED,
        # Said from the mailbox, and often by a program for its owner: a button of the mailbox, a filter.
        DeliveryEventType.COMPLAINED,
        DeliveryEventType.UNSUBSCRIBED,
        DeliveryEventType.RESUBSCRIBED,
    }
)
_A_PERSONS_DOING = frozenset({DeliveryEventType.OPENED, DeliveryEventType.CLICKED, DeliveryEventType.RESPONDED})


def evidence_in(event: DeliveryEvent) -> Evidence:
    """Return what one report proves by itself."""
    if event.type in _A_PERSONS_DOING:
        # A scanner looks at what passes by, before anybody has it.
        return Evidence.ACCEPTED if event.by_machine else Evidence.OPENED
    if event.type in _THERE:
        return Evidence.DELIVERED
    return Evidence.ACCEPTED if event.type in _ON_ITS_WAY else Evidence.NONE


def ends_waiting(event: DeliveryEvent) -> bool:
    """Say whether a report says for good what became of a hand-over: nobody has to ask for it any more."""
    return event.final or evidence_in(event).strength >= Evidence.DELIVERED.strength


def evidence_of(events: Iterable[DeliveryEvent], *, is_handed_over: bool = False) -> Evidence:
    """Return what a set of reports of one hand-over proves; order and repetition change nothing.

    What came back for good was not delivered, whatever was said before or after: only a person who looked at it
    outweighs that.
    """
    told = set(events)
    grades = {evidence_in(event) for event in told}
    if any(is_undeliverable(event) for event in told):
        grades.discard(Evidence.DELIVERED)
    if is_handed_over:
        grades.add(Evidence.HANDED_OVER)
    return max(grades, key=lambda grade: grade.strength, default=Evidence.NONE)
