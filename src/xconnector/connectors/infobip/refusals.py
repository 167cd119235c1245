"""What the status in Infobip's answer to a hand-over means, by the words of its reports."""

from xconnector.connectors.infobip.words import REASONS
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.delivery import DeliveryReason

_REFUSED_GROUPS = frozenset({"REJECTED", "UNDELIVERABLE", "EXPIRED"})
_ACCOUNT = ("NOT_ENOUGH_CREDITS", "INVALID_LICENSE", "NO_ROUTING", "ACCOUNT")
_WORDS = {
    DeliveryReason.ADDRESS: "there is no such number",
    DeliveryReason.UNSUBSCRIBED: "the recipient wants no texts of this sender",
    DeliveryReason.BLOCKED: "it does not send to this number from this sender",
    DeliveryReason.CONTENT: "it does not take the text",
    DeliveryReason.UNREACHABLE: "the number cannot be reached",
}


def refusal_of_status(group: str, name: str) -> ConnectorError | None:
    """Return the error that a status at the hand-over means, None where the message was taken."""
    if group.upper() not in _REFUSED_GROUPS:
        return None
    named = name.upper() if name.isascii() and name.replace("_", "").isalnum() else ""
    told = f"Infobip refuses the message ({named or 'without a name'})"
    if any(word in named for word in _ACCOUNT):
        return MisconfiguredError(f"{told}: the account may not send, or has no credit")
    reason = next((reason for mark, reason in REASONS if mark in named), None)
    if reason is DeliveryReason.THROTTLED:
        return TransientError(f"{told}: too much at once")
    return PermanentError(f"{told}: {_WORDS.get(reason or DeliveryReason.OTHER, 'it will not try')}", reason=reason)
