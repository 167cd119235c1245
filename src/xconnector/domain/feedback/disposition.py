"""Message disposition notifications (RFC 8098): somebody, or something, says that a mail was displayed."""

from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import address_of_field
from xconnector.domain.feedback.mime import Part, decoded, read_fields
from xconnector.domain.feedback.signal import Signal

MEDIA_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_LONGEST = 64 * 1024
_KNOWN = frozenset({"displayed", "deleted", "dispatched", "processed", "denied", "failed"})


def dispositions(mail: Part) -> list[Signal]:
    """Return what receipts say: displayed is a weak word for opened, and nothing else proves anything."""
    return [_signal(part) for part in mail.walk() if part.media_type in MEDIA_TYPES]


def _signal(part: Part) -> Signal:
    fields = dict(reversed(read_fields(decoded(part.octets()[:_LONGEST]))))
    mode, _, told = fields.get("disposition", "").lower().partition(";")
    word = told.partition("/")[0].strip()
    kind = DeliveryEventType.OPENED if word == "displayed" else DeliveryEventType.UNKNOWN
    return Signal(
        type=kind,
        recipient=address_of_field(fields.get("original-recipient", ""))
        or address_of_field(fields.get("final-recipient", "")),
        detail=f"read receipt: {word}" if word in _KNOWN else "read receipt",
        by_machine="mdn-sent-automatically" in mode,
    )
