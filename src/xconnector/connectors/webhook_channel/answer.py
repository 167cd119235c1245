"""What a receiver's status means; only 2xx is success, and nothing else it says is read."""

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

LONGEST_WAIT = timedelta(days=1)
"""However long a receiver asks us to wait."""

_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_REFUSED_CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_NOBODY_THERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


def meant(status: int, headers: Mapping[str, str]) -> ConnectorError:
    """Return what a status other than success means. `headers` are asked for `retry-after` only."""
    told = f"the receiver answers {status}"
    if status == HTTPStatus.GONE:
        return MisconfiguredError(
            f"{told}: it wants no more, and gets no more until the workers start anew; correct `url`, or take the "
            "connection out of the plans"
        )
    if status in _REFUSED_CREDENTIALS:
        return MisconfiguredError(f"{told}: it does not take our signature; correct `secrets` or `bearer`")
    if status in _NOBODY_THERE or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return MisconfiguredError(f"{told}: `url` is not where it takes requests; redirects are not followed")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
        return TransientError(f"{told}: it takes nothing at the moment", retry_after=_retry_after(headers))
    if status >= HTTPStatus.BAD_REQUEST:
        return PermanentError(f"{told}: it does not take this communication")
    return TransientError(f"{told}, which is no answer to this request")


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return the seconds that the receiver asks for; its dates are left unread."""
    asked = _SECONDS.fullmatch(headers.get("retry-after", "").strip())
    return min(timedelta(seconds=int(asked[0])), LONGEST_WAIT) if asked else None
