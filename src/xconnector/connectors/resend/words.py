"""Resend's words for what became of a mail, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `type`
EVENTS: Mapping[str, Word] = {
    "email.scheduled": Word(Type.ACCEPTED),
    "email.sent": Word(Type.SENT),
    "email.delivered": Word(Type.DELIVERED, final=True),
    "email.delivery_delayed": Word(Type.DEFERRED, bounce_class=Class.SOFT),
    "email.bounced": Word(Type.BOUNCED, final=True, reason=Reason.OTHER),
    "email.suppressed": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "email.failed": Word(Type.FAILED, final=True, reason=Reason.OTHER),
    "email.complained": Word(Type.COMPLAINED, final=True),
    "email.opened": Word(Type.OPENED),
    "email.clicked": Word(Type.CLICKED),
    "email.received": Word(Type.RESPONDED),
}

_SOFT = Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER)

# `bounce.type`, and `bounce.subType` where it says more
BOUNCES: Mapping[tuple[str, str], Word] = {
    ("Permanent", ""): Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    ("Permanent", "Suppressed"): Word(Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    ("Permanent", "OnAccountSuppressionList"): Word(
        Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS
    ),
    ("Transient", ""): _SOFT,
    ("Transient", "MailboxFull"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.MAILBOX_FULL),
    ("Transient", "MessageTooLarge"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.CONTENT),
    ("Transient", "ContentRejected"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.CONTENT),
    ("Transient", "AttachmentRejected"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.CONTENT),
    ("Temporary", ""): _SOFT,
    ("Undetermined", ""): _SOFT,
}

# `bounce.message` of accounts whose bounces have no type, by a phrase in it in lower case
MESSAGES: Mapping[str, Word] = {
    "suppressed sending": BOUNCES["Permanent", "Suppressed"],
    "hard bounce": BOUNCES["Permanent", ""],
    "inbox was full": BOUNCES["Transient", "MailboxFull"],
    "bounce message": _SOFT,
}
