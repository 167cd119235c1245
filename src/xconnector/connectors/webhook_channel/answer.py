"""What a receiver's status means; only 2xx is success, and nothing else it says is read."""

from collections.abc import Mapping
from http import HTTPStatus

from xconnector.contract.errors import ConnectorError, MisconfiguredError
from xconnector.contract.http_refusal import error_of_status

_REFUSED_CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def meant(status: int, headers: Mapping[str, str], *, knows_again: bool) -> ConnectorError:
    """Return what a status other than success means. `headers` are asked for `retry-after` only.

    Where the receiver does not know an id again, a broken one (5xx but 503) may have taken it.
    """
    told = f"the receiver answers {status}"
    if status == HTTPStatus.GONE:
        return MisconfiguredError(
            f"{told}: it wants no more, and gets no more until the workers start anew; correct `url`, or take the "
            "connection out of the plans"
        )
    if status in _REFUSED_CREDENTIALS:
        return MisconfiguredError(f"{told}: it does not take our signature; correct `secrets` or `bearer`")
    return error_of_status("the receiver", status, headers, repeats_safely=knows_again)
