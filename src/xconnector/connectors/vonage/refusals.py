"""What Vonage's error codes mean at the hand-over: https://developer.vonage.com/api-errors/messages."""

from collections.abc import Mapping

from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.delivery import DeliveryReason

_LATER = frozenset({1000, 1100})
_MISCONFIGURED: Mapping[int, str] = {
    1060: "the account may not send",
    1070: "the account has no credit left",
    1080: "the account may not use this API",
    1120: "it does not take `sender` there",
    1130: "correct `valid_for`",
}
_REFUSED: Mapping[int, tuple[str, DeliveryReason | None]] = {
    1010: ("it misses something in the message", None),
    1020: ("it does not take a value of the message", None),
    1040: ("it cannot route this number", DeliveryReason.UNREACHABLE),
    1050: ("the number is on its list of those that get nothing", DeliveryReason.UNSUBSCRIBED),
    1090: ("the text is too long for it", DeliveryReason.CONTENT),
    1170: ("there is no such number", DeliveryReason.ADDRESS),
    1240: ("there is no such number", DeliveryReason.ADDRESS),
}


def refusal_of_code(code: int) -> ConnectorError | None:
    """Return the error of a code that we know, or None."""
    told = f"Vonage refuses the message ({code})"
    if code in _LATER:
        return TransientError(f"{told}: it takes nothing at the moment")
    if code in _MISCONFIGURED:
        return MisconfiguredError(f"{told}: {_MISCONFIGURED[code]}")
    if code in _REFUSED:
        words, reason = _REFUSED[code]
        return PermanentError(f"{told}: {words}", reason=reason)
    return None
