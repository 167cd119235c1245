"""SparkPost's words for what became of a mail, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `type`
EVENTS: Mapping[str, Word] = {
    "injection": Word(Type.ACCEPTED),
    "delivery": Word(Type.DELIVERED, final=True),
    "delay": Word(Type.DEFERRED, bounce_class=Class.SOFT),
    "bounce": Word(Type.BOUNCED, final=True, reason=Reason.OTHER),
    # A bounce that came by mail, after the delivery.
    "out_of_band": Word(Type.BOUNCED, final=True, reason=Reason.OTHER),
    "policy_rejection": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "generation_failure": Word(Type.FAILED, final=True, reason=Reason.OTHER),
    "generation_rejection": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "spam_complaint": Word(Type.COMPLAINED, final=True),
    "list_unsubscribe": Word(Type.UNSUBSCRIBED, final=True),
    "link_unsubscribe": Word(Type.UNSUBSCRIBED, final=True),
    "open": Word(Type.OPENED),
    "initial_open": Word(Type.OPENED),
    "amp_open": Word(Type.OPENED),
    "amp_initial_open": Word(Type.OPENED),
    "click": Word(Type.CLICKED),
    "amp_click": Word(Type.CLICKED),
    "relay_message": Word(Type.RESPONDED),
    "relay_delivery": Word(Type.RESPONDED),
}


def _soft(reason: Reason) -> Word:
    return Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=reason)


_HARD = Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS)

# `bounce_class`
BOUNCES: Mapping[str, Word] = {
    "1": _soft(Reason.OTHER),
    "10": _HARD,
    "20": _soft(Reason.OTHER),
    "21": _soft(Reason.UNREACHABLE),
    "22": _soft(Reason.MAILBOX_FULL),
    "23": _soft(Reason.CONTENT),
    "24": _soft(Reason.UNREACHABLE),
    "25": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "26": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "30": _HARD,
    "40": _soft(Reason.OTHER),
    "50": _soft(Reason.BLOCKED),
    "51": _soft(Reason.BLOCKED),
    "52": _soft(Reason.CONTENT),
    "53": _soft(Reason.CONTENT),
    "54": _soft(Reason.BLOCKED),
    "60": Word(Type.AUTOREPLIED),
    "70": _soft(Reason.UNREACHABLE),
    "80": Word(Type.RESUBSCRIBED),
    "90": Word(Type.UNSUBSCRIBED, final=True),
    "100": Word(Type.AUTOREPLIED),
}
# Classes that tell nothing: what the last server said is read instead.
VAGUE = frozenset({"", "1", "20", "40"})
