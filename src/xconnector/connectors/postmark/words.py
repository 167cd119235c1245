"""Postmark's words for what became of a mail, and ours. `Type` says more than `RecordType`."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

_SOFT = Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER)
_HARD = Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS)
_NOT_TRIED = Word(Type.REJECTED, final=True, reason=Reason.OTHER)

# `RecordType`; the field that says when, and the one that says who
RECORDS: Mapping[str, tuple[Word, str, str]] = {
    "Delivery": (Word(Type.DELIVERED, final=True), "DeliveredAt", "Recipient"),
    "Bounce": (_SOFT, "BouncedAt", "Email"),
    "SpamComplaint": (Word(Type.COMPLAINED, final=True), "BouncedAt", "Email"),
    "Open": (Word(Type.OPENED), "ReceivedAt", "Recipient"),
    "Click": (Word(Type.CLICKED), "ReceivedAt", "Recipient"),
    "SubscriptionChange": (Word(Type.UNSUBSCRIBED), "ChangedAt", "Recipient"),
    "Inbound": (Word(Type.RESPONDED), "Date", "From"),
    "SMTPApiError": (_NOT_TRIED, "ReceivedAt", "Recipient"),
}

# `Type` of a bounce
BOUNCES: Mapping[str, Word] = {
    "HardBounce": _HARD,
    "Transient": Word(Type.DEFERRED, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "Unsubscribe": Word(Type.UNSUBSCRIBED, final=True),
    "Subscribe": Word(Type.RESUBSCRIBED),
    "AutoResponder": Word(Type.AUTOREPLIED),
    "AddressChange": Word(Type.AUTOREPLIED),
    "DnsError": Word(Type.DEFERRED, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "SpamNotification": Word(Type.COMPLAINED, final=True, reason=Reason.CONTENT),
    "OpenRelayTest": Word(Type.UNKNOWN),
    "Unknown": Word(Type.UNKNOWN),
    "SoftBounce": _SOFT,
    "VirusNotification": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.CONTENT),
    "ChallengeVerification": Word(Type.AUTOREPLIED),
    "BadEmailAddress": _HARD,
    "SpamComplaint": Word(Type.COMPLAINED, final=True),
    "ManuallyDeactivated": _NOT_TRIED,
    "Unconfirmed": _NOT_TRIED,
    "Blocked": Word(Type.REJECTED, final=True, reason=Reason.BLOCKED),
    "SMTPApiError": _NOT_TRIED,
    "InboundError": Word(Type.UNKNOWN),
    "DMARCPolicy": Word(Type.REJECTED, final=True, reason=Reason.BLOCKED),
    "TemplateRenderingFailed": Word(Type.FAILED, final=True, reason=Reason.OTHER),
}

# `SuppressionReason` of a change, where sending is stopped; only the last is the customer's own word
SUPPRESSIONS: Mapping[str, Word] = {
    "HardBounce": Word(Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "SpamComplaint": Word(Type.COMPLAINED, final=True),
    "ManualSuppression": Word(Type.UNSUBSCRIBED, final=True),
}
