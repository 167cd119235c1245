"""What an HTTP status says of a hand-over where the service's own words say nothing."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

LONGEST_WAIT = timedelta(days=1)
"""However long a service asks us to wait."""

_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_REFUSED_CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED})
_NOT_THERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})
_LATER = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)


def error_of_status(service: str, status: int, headers: Mapping[str, str], *, repeats_safely: bool) -> ConnectorError:
    """Return the error that a status without success means.

    `service` begins the sentence. Where repeating is not safe, a broken service (5xx but 503) may have taken it.
    """
    told = f"{service} answers {status}"
    if status in _REFUSED_CREDENTIALS:
        return MisconfiguredError(f"{told}: correct the credentials, or allow them to do this")
    if status in _NOT_THERE or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return MisconfiguredError(f"{told}: the address is not where it takes this; redirects are not followed")
    if status in _LATER:
        return TransientError(f"{told}: it takes nothing at the moment", retry_after=retry_after(headers))
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return PermanentError(f"{told}: it does not take this")
    if repeats_safely:
        return TransientError(f"{told}: it is out of order", retry_after=retry_after(headers), may_have_arrived=True)
    return OutcomeUnknownError(f"{told}: it may have taken it and broken afterwards; look there, then settle it")


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a service asks us to wait (RFC 9110, section 10.2.3), at most a day; None where it does not.

    A date is read beside the answer's own, so that a clock that goes wrong there does no harm.
    """
    told = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(told):
        return min(timedelta(seconds=int(told)), LONGEST_WAIT)
    until, answered = _moment(told), _moment(headers.get("date", ""))
    if until is None or answered is None:
        return None
    return min(max(until - answered, timedelta()), LONGEST_WAIT)


def _moment(told: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(told)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
