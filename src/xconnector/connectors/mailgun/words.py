"""Mailgun's words for what became of a mail, and ours."""

from collections.abc import Mapping

from xconnector.contract.feedback import Word
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason as Reason
from xconnector.domain.feedback.signal import BounceClass as Class

# `event`; those below the line are of webhooks before 2018
EVENTS: Mapping[str, Word] = {
    "accepted": Word(Type.ACCEPTED),
    "stored": Word(Type.RESPONDED),
    "delivered": Word(Type.DELIVERED, final=True),
    "rejected": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "failed": Word(Type.BOUNCED, final=True, reason=Reason.OTHER),
    "opened": Word(Type.OPENED),
    "clicked": Word(Type.CLICKED),
    "unsubscribed": Word(Type.UNSUBSCRIBED, final=True),
    "complained": Word(Type.COMPLAINED, final=True),
    # ----
    "bounced": Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "dropped": Word(Type.REJECTED, final=True, reason=Reason.OTHER),
    "inbound": Word(Type.RESPONDED),
}

# `severity` of what failed
FAILURES: Mapping[str, Word] = {
    "temporary": Word(Type.DEFERRED, bounce_class=Class.SOFT),
    "permanent": Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
}

# `reason` of what failed for good: where Mailgun did not try, or gave up trying
PERMANENT: Mapping[str, Word] = {
    "suppress-bounce": Word(Type.REJECTED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "suppress-complaint": Word(Type.REJECTED, final=True, reason=Reason.UNSUBSCRIBED),
    "suppress-unsubscribe": Word(Type.REJECTED, final=True, reason=Reason.UNSUBSCRIBED),
    "hardfail": Word(Type.BOUNCED, final=True, bounce_class=Class.HARD, reason=Reason.ADDRESS),
    "old": Word(Type.EXPIRED, final=True, bounce_class=Class.SOFT, reason=Reason.UNREACHABLE),
    "espblock": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.BLOCKED),
    "blacklisted": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.BLOCKED),
    "greylisted": Word(Type.BOUNCED, final=True, bounce_class=Class.SOFT, reason=Reason.THROTTLED),
}
# `code` of older accounts, by number what the reasons above say by name
CODES: Mapping[str, Word] = {
    "605": PERMANENT["suppress-bounce"],
    "606": PERMANENT["suppress-unsubscribe"],
    "607": PERMANENT["suppress-complaint"],
}

# `client-info.bot`, where the one that opened or clicked is a program
NO_BOT = frozenset({"", "none"})
