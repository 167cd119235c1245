"""The print house's words, in ours."""

from dataclasses import dataclass

from xconnector.domain.delivery import DeliveryEventType, DeliveryReason


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status of the house says about a letter."""

    type: DeliveryEventType
    final: bool = False
    reason: DeliveryReason | None = None


STATUSES = {
    "accepted": Meaning(DeliveryEventType.ACCEPTED),
    "printed": Meaning(DeliveryEventType.ACCEPTED),
    "inserted": Meaning(DeliveryEventType.ACCEPTED),
    "mailed": Meaning(DeliveryEventType.SENT),
    "in_transit": Meaning(DeliveryEventType.IN_TRANSIT),
    "out_for_delivery": Meaning(DeliveryEventType.OUT_FOR_DELIVERY),
    "forwarded": Meaning(DeliveryEventType.IN_TRANSIT),
    "reprint": Meaning(DeliveryEventType.DEFERRED),
    "delayed": Meaning(DeliveryEventType.DEFERRED),
    "delivered": Meaning(DeliveryEventType.DELIVERED),
    "returned": Meaning(DeliveryEventType.BOUNCED, final=True, reason=DeliveryReason.ADDRESS),
    "rejected": Meaning(DeliveryEventType.REJECTED, final=True, reason=DeliveryReason.OTHER),
    "failed": Meaning(DeliveryEventType.FAILED, final=True, reason=DeliveryReason.OTHER),
    "cancelled": Meaning(DeliveryEventType.CANCELLED, final=True),
}
"""Of a bundle or a single letter. A word that is missing here becomes UNKNOWN and is shown to operators."""

REASONS = {
    "address": DeliveryReason.ADDRESS,
    "unknown_address": DeliveryReason.ADDRESS,
    "moved": DeliveryReason.ADDRESS,
    "refused_by_recipient": DeliveryReason.OTHER,
    "page_count": DeliveryReason.CONTENT,
    "hash": DeliveryReason.CONTENT,
    "damaged": DeliveryReason.CONTENT,
    "fonts": DeliveryReason.CONTENT,
    "envelope": DeliveryReason.CONTENT,
    "order": DeliveryReason.BLOCKED,
    "capacity": DeliveryReason.THROTTLED,
}
"""Why a letter was rejected, failed, or came back. The rest is OTHER."""
