"""What a push service's status means for one browser."""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

from xconnector.contract.device import GoneDevice
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.http_refusal import retry_after

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def meant(status: int, headers: Mapping[str, str], device_id: UUID) -> GoneDevice | ConnectorError:
    """Return what a status other than success means."""
    told = f"the browser's push service answers {status}"
    if status in _GONE:
        return GoneDevice(device_id=device_id, reason=str(int(status)))
    if status == HTTPStatus.FORBIDDEN:
        # Of this subscription alone (RFC 8292, section 4.2): the customer's next device, or next channel, is due.
        return PermanentError(f"{told}: the subscription was made with another key than `vapid_key`")
    if status == HTTPStatus.UNAUTHORIZED:
        return MisconfiguredError(f"{told}: it does not take our proof; is `vapid_key` right, and the clock?")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(told, retry_after=retry_after(headers))
    return PermanentError(f"{told}: it does not take this message")
