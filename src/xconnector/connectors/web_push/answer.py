"""What a push service's status means for one browser."""

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from xconnector.contract.device import GoneDevice
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_SECONDS = re.compile(r"\d{1,6}", re.ASCII)
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_REFUSED_CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def meant(status: int, headers: Mapping[str, str], device_id: UUID) -> GoneDevice | ConnectorError:
    """Return what a status other than success means."""
    told = f"the browser's push service answers {status}"
    if status in _GONE:
        return GoneDevice(device_id=device_id, reason=str(int(status)))
    if status in _REFUSED_CREDENTIALS:
        return MisconfiguredError(f"{told}: the subscription was made with another key than `vapid_key`")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        asked = _SECONDS.fullmatch(headers.get("retry-after", ""))
        return TransientError(told, retry_after=timedelta(seconds=int(asked[0])) if asked else None)
    return PermanentError(f"{told}: it does not take this message")
