"""Vonage's words for what became of a message, and ours: of its Messages API, and of its older SMS API."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `status`
STATUSES: Mapping[str, Word] = {
    "submitted": Word(Type.ACCEPTED),
    "accepted": Word(Type.ACCEPTED),
    # Stored by the network until the handset is there again.
    "buffered": Word(Type.DEFERRED, bounce_class=Class.SOFT),
    "delivered": Word(Type.DELIVERED, final=True),
    "expired": Word(Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "failed": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    "undeliverable": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    "rejected": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "deleted": Word(Type.CANCELLED, final=True),
    "read": Word(Type.OPENED),
}

# `err-code` of the SMS API: why, and whether the number is to blame for good
ERRORS: Mapping[str, tuple[Reason, Class]] = {
    "1": (Reason.OTHER, Class.SOFT),
    "2": (Reason.UNREACHABLE, Class.SOFT),
    "3": (Reason.ADDRESS, Class.HARD),
    "4": (Reason.BLOCKED, Class.SOFT),
    "5": (Reason.ADDRESS, Class.SOFT),
    "6": (Reason.CONTENT, Class.SOFT),
    "7": (Reason.UNREACHABLE, Class.SOFT),
    "8": (Reason.UNREACHABLE, Class.SOFT),
    "9": (Reason.ADDRESS, Class.HARD),
    "10": (Reason.CONTENT, Class.SOFT),
    "11": (Reason.UNREACHABLE, Class.SOFT),
    "12": (Reason.UNREACHABLE, Class.SOFT),
    "13": (Reason.BLOCKED, Class.SOFT),
    "14": (Reason.BLOCKED, Class.SOFT),
    "15": (Reason.OTHER, Class.SOFT),
    "16": (Reason.THROTTLED, Class.SOFT),
    "50": (Reason.BLOCKED, Class.SOFT),
    "51": (Reason.BLOCKED, Class.SOFT),
    "52": (Reason.CONTENT, Class.SOFT),
    "53": (Reason.UNSUBSCRIBED, Class.SOFT),
    "54": (Reason.BLOCKED, Class.SOFT),
    "99": (Reason.OTHER, Class.SOFT),
}

# `error` of the Messages API: the number behind the last `#` or `/` of its type, or its title
MESSAGES_ERRORS: Mapping[str, tuple[Reason, Class]] = {
    "1000": (Reason.THROTTLED, Class.SOFT),
    "1010": (Reason.CONTENT, Class.SOFT),
    "1020": (Reason.CONTENT, Class.SOFT),
    "1022": (Reason.ADDRESS, Class.HARD),
    "1120": (Reason.BLOCKED, Class.SOFT),
    "1150": (Reason.ADDRESS, Class.SOFT),
    "1160": (Reason.UNREACHABLE, Class.SOFT),
    "1170": (Reason.ADDRESS, Class.HARD),
    "1210": (Reason.CONTENT, Class.SOFT),
    "1220": (Reason.CONTENT, Class.SOFT),
    "1230": (Reason.UNREACHABLE, Class.SOFT),
    "1240": (Reason.ADDRESS, Class.HARD),
    "1250": (Reason.UNREACHABLE, Class.SOFT),
    "1260": (Reason.UNREACHABLE, Class.SOFT),
    "1270": (Reason.ADDRESS, Class.HARD),
    "1280": (Reason.UNREACHABLE, Class.SOFT),
    "1290": (Reason.CONTENT, Class.SOFT),
    "1310": (Reason.ADDRESS, Class.SOFT),
    "1320": (Reason.BLOCKED, Class.SOFT),
    "1330": (Reason.OTHER, Class.SOFT),
    "1340": (Reason.BLOCKED, Class.SOFT),
    "1360": (Reason.UNREACHABLE, Class.SOFT),
    "1370": (Reason.OTHER, Class.SOFT),
    "1380": (Reason.CONTENT, Class.SOFT),
    "1381": (Reason.CONTENT, Class.SOFT),
    "1382": (Reason.CONTENT, Class.SOFT),
    "1383": (Reason.CONTENT, Class.SOFT),
}
