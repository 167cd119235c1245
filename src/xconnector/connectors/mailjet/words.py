"""Mailjet's words for what became of a mail, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason

# `event`; `sent` is told when the recipient's server has taken the mail
EVENTS: Mapping[str, Word] = {
    "sent": Word(Type.DELIVERED, final=True),
    "open": Word(Type.OPENED),
    "click": Word(Type.CLICKED),
    "bounce": Word(Type.BOUNCED, final=True, reason=Reason.OTHER),
    "blocked": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "spam": Word(Type.COMPLAINED, final=True),
    "unsub": Word(Type.UNSUBSCRIBED, final=True),
}

# `error`
ERRORS: Mapping[str, Reason] = {
    "user unknown": Reason.ADDRESS,
    "mailbox inactive": Reason.ADDRESS,
    "quota exceeded": Reason.MAILBOX_FULL,
    "blacklisted": Reason.ADDRESS,
    "spam reporter": Reason.UNSUBSCRIBED,
    "invalid domain": Reason.ADDRESS,
    "no mail host": Reason.ADDRESS,
    "relay/access denied": Reason.BLOCKED,
    "greylisted": Reason.THROTTLED,
    "typofix": Reason.ADDRESS,
    "bad or empty template": Reason.CONTENT,
    "error in template language": Reason.CONTENT,
    "sender blocked": Reason.BLOCKED,
    "content blocked": Reason.CONTENT,
    "policy issue": Reason.BLOCKED,
    "system issue": Reason.UNREACHABLE,
    "protocol issue": Reason.UNREACHABLE,
    "connection issue": Reason.UNREACHABLE,
    "preblocked": Reason.ADDRESS,
    "duplicate in campaign": Reason.OTHER,
}
