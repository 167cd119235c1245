"""Brevo's words for what became of a mail, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `event`, in lower case and with `_` between words; the settings of a webhook spell some of them otherwise
EVENTS: Mapping[str, Word] = {
    "request": Word(Type.ACCEPTED),
    "sent": Word(Type.SENT),
    "delivered": Word(Type.DELIVERED, final=True),
    "deferred": Word(Type.DEFERRED, bounce_class=Class.SOFT),
    "soft_bounce": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    "softbounce": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    "hard_bounce": Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "hardbounce": Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "invalid_email": Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "invalid": Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "blocked": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "error": Word(Type.FAILED, final=True, reason=Reason.OTHER),
    "spam": Word(Type.COMPLAINED, final=True),
    "complaint": Word(Type.COMPLAINED, final=True),
    "opened": Word(Type.OPENED),
    "open": Word(Type.OPENED),
    "unique_opened": Word(Type.OPENED),
    "first_opening": Word(Type.OPENED),
    "proxy_open": Word(Type.OPENED),
    "unique_proxy_open": Word(Type.OPENED),
    "loaded_by_proxy": Word(Type.OPENED),
    "click": Word(Type.CLICKED),
    "clicked": Word(Type.CLICKED),
    "unsubscribed": Word(Type.UNSUBSCRIBED, final=True),
    "unsubscribe": Word(Type.UNSUBSCRIBED, final=True),
    "list_addition": Word(Type.RESUBSCRIBED),
    "inboundemailprocessed": Word(Type.RESPONDED),
    "reply": Word(Type.RESPONDED),
}

# Told of an image proxy, and of nobody.
BY_MACHINE = frozenset({"proxy_open", "unique_proxy_open", "loaded_by_proxy"})
