"""What a status at the hand-over means (SMPP 3.4, 5.1.3)."""

from collections.abc import Mapping

from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.delivery import DeliveryReason

_LATER = {
    0x04: "we are not bound",
    0x08: "it has an error of its own",
    0x14: "its queue is full",
    0x58: "too much at once",
    0x64: "it cannot take it at the moment",
}
_MISCONFIGURED = {
    0x03: "it does not know the command: is it a message centre, and may we send there?",
    0x05: "we are bound already: another one uses this account, which allows no second bind",
    0x0A: "it does not take `sender`",
    0x0D: "it lets nobody bind with these `system_id`, `password` and `system_type`",
    0x0E: "correct `password`",
    0x0F: "correct `system_id`",
    0x15: "it wants a service type that we do not send",
    0x43: "it takes no messages with a header: set `long_texts: payload`",
    0x48: "correct `sender_ton`",
    0x49: "correct `sender_npi`",
    0x53: "correct `system_type`",
    0x62: "correct `valid_for`",
}
_REFUSED: Mapping[int, tuple[str, DeliveryReason | None]] = {
    0x01: ("the text is too long for it", DeliveryReason.CONTENT),
    0x0B: ("there is no such number", DeliveryReason.ADDRESS),
    0x45: ("it could not submit it", None),
    0x50: ("it takes no international numbers", DeliveryReason.UNREACHABLE),
    0x51: ("it takes no international numbers", DeliveryReason.UNREACHABLE),
}
_VENDORS: Mapping[str, tuple[str, DeliveryReason | None]] = {
    "refused": ("by a status of its own", None),
    "no_such_number": ("there is no such number", DeliveryReason.ADDRESS),
    "stopped": ("the recipient said STOP to this sender", DeliveryReason.UNSUBSCRIBED),
}


def refusal(centre: str, status: int, vendor: Mapping[int, str]) -> ConnectorError:
    """Return what a status other than 0 means; `vendor` says what the route's own ones do."""
    told = f"{centre} refuses with status {status:#010x}"
    meant = vendor.get(status, "refused")
    if status in _LATER or meant == "later":
        return TransientError(f"{told}: {_LATER.get(status, 'later, as this route says it')}")
    if status in _MISCONFIGURED:
        return MisconfiguredError(f"{told}: {_MISCONFIGURED[status]}")
    words, reason = _REFUSED.get(status) or _VENDORS[meant]
    return PermanentError(f"{told}: {words}", reason=reason)
