"""Lob's words for what became of a letter or a card, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

_RETURNED = Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS)

# `event_type.id` behind the kind of the piece, such as `letter.`; of a certified letter also behind `certified.`
EVENTS: Mapping[str, Word] = {
    "created": Word(Type.ACCEPTED),
    "rendered_pdf": Word(Type.ACCEPTED),
    "rendered_thumbnails": Word(Type.ACCEPTED),
    "billed": Word(Type.ACCEPTED),
    "failed": Word(Type.FAILED, final=True, reason=Reason.OTHER),
    "rejected": Word(Type.REJECTED, final=True, reason=Reason.CONTENT),
    "deleted": Word(Type.CANCELLED, final=True),
    "mailed": Word(Type.SENT),
    "in_transit": Word(Type.IN_TRANSIT),
    "in_local_area": Word(Type.IN_TRANSIT),
    "international_exit": Word(Type.IN_TRANSIT),
    "processed_for_delivery": Word(Type.OUT_FOR_DELIVERY),
    "pickup_available": Word(Type.OUT_FOR_DELIVERY),
    "delivered": Word(Type.DELIVERED, final=True),
    # Forwarded to another address: still on its way.
    "re-routed": Word(Type.DEFERRED, reason=Reason.ADDRESS),
    "returned_to_sender": _RETURNED,
    "viewed": Word(Type.OPENED),
    "issue": Word(Type.DEFERRED, reason=Reason.OTHER),
    "informed_delivery.email_sent": Word(Type.OUT_FOR_DELIVERY),
    "informed_delivery.email_opened": Word(Type.OPENED),
    "informed_delivery.email_clicked_through": Word(Type.CLICKED),
    # The envelope that came along for the answer, back where it belongs.
    "return_envelope.delivered": Word(Type.RESPONDED),
    "return_envelope.returned_to_sender": Word(Type.RESPONDED),
}

PIECES = frozenset({"letter", "postcard", "self_mailer", "check", "snap_pack", "booklet", "buckslip"})
