"""Several devices are one dispatch: it arrived when one of them took it."""

from collections.abc import Sequence

from xconnector.contract.channel import Receipt
from xconnector.contract.device import GoneDevice, NoDeviceError
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

DeviceAnswer = str | GoneDevice | ConnectorError
"""Of one device: the service's name for the message, that the device is gone, or an error."""

_FIRST = (OutcomeUnknownError, TransientError, MisconfiguredError)


def outcome_of(answers: Sequence[DeviceAnswer]) -> Receipt | ConnectorError:
    """Return what became of a dispatch.

    Where none took it, what may have reached one is unknown; else it is tried again where that may help; and where it
    may not, the next channel is due.
    """
    gone = tuple(answer for answer in answers if isinstance(answer, GoneDevice))
    taken = [answer for answer in answers if isinstance(answer, str)]
    if taken:
        return Receipt(reference=taken[0], gone_devices=gone)
    for kind in _FIRST:
        if found := next((answer for answer in answers if isinstance(answer, kind)), None):
            return found
    if refused := next((answer for answer in answers if isinstance(answer, PermanentError)), None):
        return NoDeviceError(str(refused), gone=gone) if gone else refused
    if gone:
        return NoDeviceError("the push service knows none of the customer's devices any more", gone=gone)
    return NoDeviceError("the customer has no device registered for this channel")
