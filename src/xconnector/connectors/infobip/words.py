"""Infobip's words for what became of a message, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `status.groupName`
GROUPS: Mapping[str, Word] = {
    "ACCEPTED": Word(Type.ACCEPTED),
    "PENDING": Word(Type.SENT),
    "UNDELIVERABLE": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    "DELIVERED": Word(Type.DELIVERED, final=True),
    "EXPIRED": Word(Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "REJECTED": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
}

# `status.groupId`, where there is no name
GROUP_NUMBERS: Mapping[str, str] = {
    "0": "ACCEPTED",
    "1": "PENDING",
    "2": "UNDELIVERABLE",
    "3": "DELIVERED",
    "4": "EXPIRED",
    "5": "REJECTED",
}

# What a name of a status or an error holds, in the order in which it is looked for
REASONS: tuple[tuple[str, Reason], ...] = (
    ("UNKNOWN_SUBSCRIBER", Reason.ADDRESS),
    ("UNIDENTIFIED_SUBSCRIBER", Reason.ADDRESS),
    ("ILLEGAL_SUBSCRIBER", Reason.ADDRESS),
    ("ILLEGAL_EQUIPMENT", Reason.ADDRESS),
    ("NUMBER_CHANGED", Reason.ADDRESS),
    ("INVALID_DESTINATION", Reason.ADDRESS),
    ("DESTINATION_NOT_REGISTERED", Reason.ADDRESS),
    ("PREFIX_MISSING", Reason.ADDRESS),
    ("MISSING_TO", Reason.ADDRESS),
    ("EMAIL_ADDRESS", Reason.ADDRESS),
    ("HARD_BOUNCE", Reason.ADDRESS),
    ("INVALID_RECIPIENT", Reason.ADDRESS),
    ("USER_UNKNOWN", Reason.ADDRESS),
    ("MAILBOX_FULL", Reason.MAILBOX_FULL),
    ("MEMORY_CAPACITY", Reason.MAILBOX_FULL),
    ("DND", Reason.UNSUBSCRIBED),
    ("UNSUBSCRIBE", Reason.UNSUBSCRIBED),
    ("OPT_OUT", Reason.UNSUBSCRIBED),
    ("BLACKLIST", Reason.UNSUBSCRIBED),
    ("FLOOD", Reason.THROTTLED),
    ("THROTTL", Reason.THROTTLED),
    ("CONGESTION", Reason.THROTTLED),
    ("LIMIT", Reason.THROTTLED),
    ("SPAM", Reason.CONTENT),
    ("CONTENT", Reason.CONTENT),
    ("TOO_LONG", Reason.CONTENT),
    ("UDH", Reason.CONTENT),
    ("TEMPLATE", Reason.CONTENT),
    ("BARRED", Reason.BLOCKED),
    ("BLOCKED", Reason.BLOCKED),
    ("SENDER", Reason.BLOCKED),
    ("SOURCE", Reason.BLOCKED),
    ("CREDITS", Reason.BLOCKED),
    ("PREPAID", Reason.BLOCKED),
    ("ABSENT", Reason.UNREACHABLE),
    ("NETWORK", Reason.UNREACHABLE),
    ("ROUTE", Reason.UNREACHABLE),
    ("TIMEOUT", Reason.UNREACHABLE),
    ("SYSTEM_FAILURE", Reason.UNREACHABLE),
    ("SYSTEM_ERROR", Reason.UNREACHABLE),
    ("EXPIRED", Reason.UNREACHABLE),
)
