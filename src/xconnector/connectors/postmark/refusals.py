"""What Postmark's error codes mean at the hand-over: https://postmarkapp.com/developer/api/overview#error-codes."""

from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.delivery import DeliveryReason

_MISCONFIGURED = {
    10: "correct `server_token`",
    400: "`sender` is no signature that was found",
    401: "`sender` is no confirmed signature",
    402: "the request has no known form",
    405: "the account has no credits left",
    411: "the server is not allowed to send",
    412: "the account waits for its approval: it sends to its own domain only",
    413: "the account may not send",
    1235: "the message stream does not exist: correct `stream` or `promotional_stream`",
    1237: "the message stream is of another kind",
}
_LATER = frozenset({100, 403})
_REASONS = {300: DeliveryReason.OTHER, 406: DeliveryReason.ADDRESS}


def refusal_of_code(code: int) -> ConnectorError | None:
    """Return the error of a code that we know, or None."""
    told = f"Postmark refuses the mail ({code})"
    if code in _MISCONFIGURED:
        return MisconfiguredError(f"{told}: {_MISCONFIGURED[code]}")
    if code in _LATER:
        return TransientError(f"{told}: it takes nothing at the moment")
    if code == 406:  # noqa: PLR2004 - as the table of the provider has it
        # It bounced, complained, or said no before: which of these a report told then.
        return PermanentError(
            f"{told}: it has the recipient on its list of those who get nothing", reason=_REASONS[406]
        )
    if code in _REASONS:
        return PermanentError(f"{told}: something in it is not valid, such as the address", reason=_REASONS[code])
    return None
