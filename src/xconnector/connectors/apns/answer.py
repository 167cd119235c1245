"""What Apple answers: its reasons, and what each means for a device."""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

import msgspec

from xconnector.contract.device import GoneDevice
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_WORD = re.compile(r"[A-Za-z]{1,60}", re.ASCII)
_OF_THE_DEVICE = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic"})
_OF_OUR_SETTINGS = frozenset(
    {"BadCertificate", "BadCertificateEnvironment", "Forbidden", "InvalidProviderToken", "MissingProviderToken",
     "BadTopic", "MissingTopic", "TopicDisallowed", "UnrelatedKeyIdInToken", "BadEnvironmentKeyIdInToken"}
)  # fmt: skip
_AWHILE = timedelta(minutes=20)
"""After which Apple takes another token."""
EXPIRED = "ExpiredProviderToken"
_OF_THE_PROOF = {EXPIRED: None, "TooManyProviderTokenUpdates": _AWHILE}
"""With the time after which another token is taken."""
_MOST_MILLISECONDS = 32_503_680_000_000
"""The year 3000."""


class Refused(msgspec.Struct):
    """The body of an answer other than success."""

    reason: str = ""
    timestamp: int | None = None
    """Milliseconds since 1970, with 410: when the token was last known to be gone."""


def read(body: bytes) -> Refused:
    """Return what a body says; what cannot be read says nothing."""
    try:
        told = msgspec.json.decode(body, type=Refused)
    except msgspec.DecodeError:
        return Refused()
    return told if _WORD.fullmatch(told.reason) else Refused()


def meant(status: int, refused: Refused, device_id: UUID) -> GoneDevice | ConnectorError:
    """Return what an answer other than success means."""
    if status == HTTPStatus.GONE:
        return GoneDevice(device_id=device_id, reason=refused.reason or "410", since=_moment(refused.timestamp))
    told = f"Apple answers {status} {refused.reason}".strip()
    if refused.reason in _OF_THE_DEVICE:
        # Often the wrong environment: forgetting them would empty the table for one wrong setting.
        return PermanentError(f"{told}: the device belongs to another app or environment; is `url` or `topic` right?")
    if refused.reason in _OF_THE_PROOF:
        return TransientError(told, retry_after=_OF_THE_PROOF[refused.reason])
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or refused.reason in _OF_OUR_SETTINGS:
        return MisconfiguredError(f"{told}: correct `key_file`, `key_id`, `team_id`, or `topic`")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(told)
    return PermanentError(f"{told}: it does not take this message")


def _moment(milliseconds: int | None) -> datetime | None:
    if milliseconds is None or not 0 <= milliseconds <= _MOST_MILLISECONDS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
