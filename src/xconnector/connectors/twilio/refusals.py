"""What Twilio's error codes mean at the hand-over: https://www.twilio.com/docs/api/errors."""

from xconnector.connectors.twilio.words import ERRORS
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.delivery import DeliveryReason

_MISCONFIGURED = {
    20003: "correct `account_sid`, `auth_token` or `api_key`",
    20005: "the account is not active",
    20008: "these are credentials for tests only",
    21212: "`sender` is no number that it can send from",
    21603: "`sender` or `messaging_service` is missing",
    21606: "`sender` is not a number of this account that can send text messages",
    21609: "`status_callback` is no address that it can call",
    21618: "the account has no right to send",
    21659: "`sender` is no number of Twilio's",
    21660: "`sender` belongs to another account",
    21701: "`messaging_service` is not known",
    21703: "`messaging_service` has no sender",
    21704: "`messaging_service` has no sender for this country",
}
_LATER = frozenset({20429, 20500, 20503, 21611, 30001, 30022})
_WORDS = {
    DeliveryReason.ADDRESS: "there is no such mobile number",
    DeliveryReason.UNSUBSCRIBED: "the recipient said STOP to this sender",
    DeliveryReason.BLOCKED: "it does not send to this country or from this sender",
    DeliveryReason.CONTENT: "it does not take the text",
    DeliveryReason.UNREACHABLE: "the number cannot be reached from this sender",
    DeliveryReason.THROTTLED: "too much at once",
}


def refusal_of_code(code: int) -> ConnectorError | None:
    """Return the error of a code that we know, or None."""
    told = f"Twilio refuses the message ({code})"
    if code in _MISCONFIGURED:
        return MisconfiguredError(f"{told}: {_MISCONFIGURED[code]}")
    if code in _LATER:
        return TransientError(f"{told}: it takes nothing at the moment")
    word = ERRORS.get(str(code))
    if word is None:
        return None
    reason = word.reason or DeliveryReason.OTHER
    return PermanentError(f"{told}: {_WORDS.get(reason, 'it will not try')}", reason=reason)
