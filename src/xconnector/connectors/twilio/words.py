"""Twilio's words for what became of a message, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `MessageStatus`
STATUSES: Mapping[str, Word] = {
    "accepted": Word(Type.ACCEPTED),
    "scheduled": Word(Type.ACCEPTED),
    "queued": Word(Type.ACCEPTED),
    "sending": Word(Type.SENT),
    "sent": Word(Type.SENT),
    "delivered": Word(Type.DELIVERED, final=True),
    "partially_delivered": Word(Type.DELIVERED),
    "undelivered": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    "failed": Word(Type.FAILED, final=True, reason=Reason.OTHER),
    "canceled": Word(Type.CANCELLED, final=True),
    "read": Word(Type.OPENED),
    "receiving": Word(Type.RESPONDED),
    "received": Word(Type.RESPONDED),
}


def _soft(reason: Reason) -> Word:
    return Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=reason)


def _not_tried(reason: Reason) -> Word:
    return Word(Type.REJECTED, final=True, reason=reason)


_HARD = Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS)
_NO_NUMBER = Word(Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS)

# `ErrorCode` of what is undelivered or failed
ERRORS: Mapping[str, Word] = {
    "21211": _NO_NUMBER,
    "21217": _NO_NUMBER,
    "21401": _NO_NUMBER,
    "21407": _NO_NUMBER,
    "21421": _NO_NUMBER,
    "21614": _NO_NUMBER,
    "21408": _not_tried(Reason.BLOCKED),
    "21606": _not_tried(Reason.BLOCKED),
    "21610": _not_tried(Reason.UNSUBSCRIBED),
    "21611": _not_tried(Reason.THROTTLED),
    "21612": _not_tried(Reason.UNREACHABLE),
    "21617": _not_tried(Reason.CONTENT),
    "30001": _not_tried(Reason.THROTTLED),
    "30002": _not_tried(Reason.BLOCKED),
    # The handset is off or away: hard only when it stays so, which no single report tells.
    "30003": _soft(Reason.UNREACHABLE),
    "30004": _soft(Reason.BLOCKED),
    "30005": _HARD,
    "30006": _HARD,
    "30007": _not_tried(Reason.CONTENT),
    "30008": _soft(Reason.OTHER),
    "30009": _soft(Reason.OTHER),
    "30010": _not_tried(Reason.OTHER),
    "30011": _not_tried(Reason.CONTENT),
    "30017": _soft(Reason.THROTTLED),
    "30018": _not_tried(Reason.BLOCKED),
    "30019": _not_tried(Reason.CONTENT),
    "30022": _not_tried(Reason.THROTTLED),
    "30023": _not_tried(Reason.THROTTLED),
    "30024": _not_tried(Reason.BLOCKED),
    "30027": _not_tried(Reason.THROTTLED),
    "30029": _not_tried(Reason.BLOCKED),
    "30032": _not_tried(Reason.BLOCKED),
    "30034": _not_tried(Reason.BLOCKED),
    "30035": _not_tried(Reason.BLOCKED),
    "30036": Word(Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "30038": _not_tried(Reason.CONTENT),
    "30039": _not_tried(Reason.CONTENT),
    "30040": _not_tried(Reason.BLOCKED),
    "30041": _not_tried(Reason.BLOCKED),
    "30410": Word(Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "63003": _NO_NUMBER,
    "63005": _soft(Reason.CONTENT),
    "63013": _not_tried(Reason.CONTENT),
    "63016": _not_tried(Reason.BLOCKED),
    "63018": _not_tried(Reason.THROTTLED),
    "63024": _NO_NUMBER,
    "63032": _not_tried(Reason.UNSUBSCRIBED),
}
