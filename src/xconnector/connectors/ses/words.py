"""Amazon SES's words for what became of a mail, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `eventType` of configuration sets, `notificationType` of identities; an event's own object stands under the key.
EVENTS: Mapping[str, tuple[str, Word]] = {
    "Send": ("send", Word(Type.SENT)),
    "Delivery": ("delivery", Word(Type.DELIVERED, final=True)),
    "DeliveryDelay": ("deliveryDelay", Word(Type.DEFERRED, bounce_class=Class.SOFT)),
    "Bounce": ("bounce", Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER)),
    "Complaint": ("complaint", Word(Type.COMPLAINED, final=True)),
    "Reject": ("reject", Word(Type.REJECTED, final=True, reason=Reason.CONTENT)),
    "Rendering Failure": ("failure", Word(Type.FAILED, final=True, reason=Reason.OTHER)),
    "Open": ("open", Word(Type.OPENED)),
    "Click": ("click", Word(Type.CLICKED)),
    "Subscription": ("subscription", Word(Type.UNSUBSCRIBED)),
    "Received": ("receipt", Word(Type.RESPONDED)),
}

_SUPPRESSED = Word(Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS)

# `bounceType`, and `bounceSubType` where it says more.
BOUNCES: Mapping[tuple[str, str], Word] = {
    ("Permanent", ""): Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    # SES did not try: the address is on a suppression list of its own.
    ("Permanent", "Suppressed"): _SUPPRESSED,
    ("Permanent", "OnAccountSuppressionList"): _SUPPRESSED,
    ("Permanent", "OnTenantSuppressionList"): _SUPPRESSED,
    ("Permanent", "UnsubscribedRecipient"): Word(Type.REJECTED, final=True, reason=Reason.UNSUBSCRIBED),
    ("Permanent", "EmailValidationSuppressed"): _SUPPRESSED,
    ("Transient", ""): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.OTHER),
    ("Transient", "MailboxFull"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.MAILBOX_FULL),
    ("Transient", "MessageTooLarge"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.CONTENT),
    ("Transient", "ContentRejected"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.CONTENT),
    ("Transient", "AttachmentRejected"): Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.CONTENT),
    ("Transient", "CustomTimeoutExceeded"): Word(
        Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE
    ),
}

# `delayType`
DELAYS: Mapping[str, Reason] = {
    "InternalFailure": Reason.OTHER,
    "General": Reason.OTHER,
    "MailboxFull": Reason.MAILBOX_FULL,
    "SpamDetected": Reason.CONTENT,
    "RecipientServerError": Reason.UNREACHABLE,
    "IPFailure": Reason.BLOCKED,
    "TransientCommunicationFailure": Reason.UNREACHABLE,
    "BYOIPHostNameLookupUnavailable": Reason.UNREACHABLE,
    "Undetermined": Reason.OTHER,
    "SendingDeferral": Reason.THROTTLED,
}

# `complaintFeedbackType` that are no complaint (RFC 5965)
NO_COMPLAINTS = frozenset({"not-spam", "auth-failure"})
