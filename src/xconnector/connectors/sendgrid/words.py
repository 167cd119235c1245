"""Twilio SendGrid's words for what became of a mail, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

_HARD = Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS)

# `event`
EVENTS: Mapping[str, Word] = {
    "processed": Word(Type.ACCEPTED),
    "delivered": Word(Type.DELIVERED, final=True),
    "deferred": Word(Type.DEFERRED, bounce_class=Class.SOFT),
    "bounce": _HARD,
    "blocked": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.BLOCKED),
    "dropped": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "open": Word(Type.OPENED),
    "click": Word(Type.CLICKED),
    "spamreport": Word(Type.COMPLAINED, final=True),
    "unsubscribe": Word(Type.UNSUBSCRIBED, final=True),
    "group_unsubscribe": Word(Type.UNSUBSCRIBED, final=True),
    "group_resubscribe": Word(Type.RESUBSCRIBED),
}

# `type` of a bounce
BOUNCES: Mapping[str, Word] = {
    "bounce": _HARD,
    "blocked": EVENTS["blocked"],
    "expired": Word(Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
}

# `reason` of what was dropped, in lower case: SendGrid did not try
DROPS: Mapping[str, Word] = {
    "bounced address": Word(Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "invalid": Word(Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "unsubscribed address": Word(Type.REJECTED, final=True, reason=Reason.UNSUBSCRIBED),
    "spam reporting address": Word(Type.REJECTED, final=True, reason=Reason.UNSUBSCRIBED),
    "invalid smtpapi header": Word(Type.REJECTED, final=True, reason=Reason.CONTENT),
    "spam content (if spam checker app enabled)": Word(Type.REJECTED, final=True, reason=Reason.CONTENT),
    "spam content": Word(Type.REJECTED, final=True, reason=Reason.CONTENT),
    "recipient list over package quota": Word(Type.REJECTED, final=True, reason=Reason.THROTTLED),
}

# `bounce_classification`
CLASSIFICATIONS: Mapping[str, Reason] = {
    "Invalid Address": Reason.ADDRESS,
    "Technical": Reason.UNREACHABLE,
    "Technical Failure": Reason.UNREACHABLE,
    "Content": Reason.CONTENT,
    "Reputation": Reason.BLOCKED,
    "Frequency or Volume Too High": Reason.THROTTLED,
    "Mailbox Unavailable": Reason.MAILBOX_FULL,
}

# What SendGrid itself says of an event; anything else in it was given along at the hand-over.
FIELDS = frozenset(
    {
        "email", "timestamp", "event", "smtp-id", "useragent", "ip", "sg_event_id", "sg_message_id", "reason", "status",
        "response", "tls", "url", "category", "asm_group_id", "type", "attempt", "cert_err", "url_offset", "pool",
        "bounce_classification", "sg_machine_open", "sg_content_type", "sg_user_id", "marketing_campaign_id",
        "marketing_campaign_name", "newsletter", "sg_template_id", "sg_template_name", "domain", "from",
    }
)  # fmt: skip
