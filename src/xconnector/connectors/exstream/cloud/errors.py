"""What the services' refusals mean: their codes and statuses, as tables, and what an operator is to do.

Exstream's own texts (`details`, `errorMessage`) may quote customers and are never told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import httpx
import msgspec

from xconnector.connectors.exstream.cloud.reading import decoded
from xconnector.connectors.exstream.wire import is_distrust
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

CHANNEL_NOT_PUBLISHED: Final = 310130
"""`errorCode`, with 404 (S3, seen)."""
IMPORT_CONFLICT: Final = 309016
"""`errorCode`, with 409 (S1, documented)."""

_SECONDS = re.compile(r"\d{1,6}", re.ASCII)
_NAME = re.compile(r"[\w .:/#-]{1,100}")
_ENGINE_CODE = re.compile(r"[A-Za-z0-9_.-]{1,20}", re.ASCII)
_LATER = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
"""Statuses that say that nothing has begun."""
_SPOKEN_FOR = _LATER | {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""Statuses that say more than a code that we do not know."""
_NO_SERVICE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked of whom, in the operator's words, and what is at stake."""

    service: str
    """Which service, such as `Orchestration`."""
    repeatable: bool = True
    """Whether asking twice does no harm; where it may, a lost answer is OutcomeUnknownError."""
    places: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the remedies name: `channel`, `domain`, `design`."""
    also: frozenset[int] = frozenset()
    """Statuses beside the successes that are answers as well, such as 404 of a lookup."""
    timeout: timedelta | None = None
    """How long to wait for the answer; None as the connection says."""
    largest_answer: int = 4 * 1024 * 1024
    """The most bytes that the answer may have."""

    def named(self, place: str) -> str:
        """Return a name for an operator's sentence."""
        return repr(self.places.get(place, "unknown"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An answer that is no success, as far as it is looked at."""

    status: int
    body: bytes
    retry_after: timedelta | None = None
    ids: Mapping[str, str] = field(default_factory=dict[str, str])


class _ServiceError(msgspec.Struct, rename="camel"):
    """The shape of the services' own errors (S3, seen; S1, documented)."""

    status: int | str | None = None
    error_code: int | str | None = None
    message: str | None = None


class _OutputContext(msgspec.Struct, rename="camel"):
    queue_name: str | None = None


class _OutputFailure(msgspec.Struct, rename="camel"):
    status_code: str | int | None = None
    engine_output_context: _OutputContext | None = None


class _EngineFailure(msgspec.Struct):
    """The shape of what the engine or an output could not do (S1, documented)."""

    status: str
    data: list[_OutputFailure] = []


@dataclass(frozen=True, slots=True)
class _Remedy:
    kind: type[ConnectorError]
    text: str
    """With places in braces."""


_REMEDIES: Mapping[int, _Remedy] = {
    CHANNEL_NOT_PUBLISHED: _Remedy(
        PermanentError, "channel {channel} is not published in domain {domain}: publish its flow, or mend `channel`"
    ),
    IMPORT_CONFLICT: _Remedy(
        PermanentError, "domain {domain} has this resource already: choose another way to settle conflicts"
    ),
}

_REDIRECTED = _Remedy(MisconfiguredError, "it points elsewhere, and redirects are not followed; correct `url`")
_STATUSES: Mapping[int, _Remedy] = {
    **dict.fromkeys(range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST), _REDIRECTED),
    HTTPStatus.UNAUTHORIZED: _Remedy(
        MisconfiguredError, "a fresh sign-in is refused; correct `sign_in`, or let that account in there"
    ),
    HTTPStatus.FORBIDDEN: _Remedy(
        MisconfiguredError, "the account of `sign_in` lacks a permission or a scope, or `csrf` is due"
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _Remedy(PermanentError, "what was sent is larger than it takes"),
}


def error_of(refused: Refused, call: Call, at: str) -> ConnectorError:
    """Return what an answer that is no success means. `at` is the address, without its query."""
    told = f"{call.service} at {at} answers {refused.status}"
    found = _engine_failure(refused.body, call) or _by_code(refused, call, told) or _by_status(refused, call, told)
    return _with_ids(found, refused.ids)


def engine_failure(failures: Sequence[tuple[str, str]], call: Call, *, others_made: bool = False) -> ConnectorError:
    """Return what `status: error` means, of pairs of the engine's status code and the queue's name.

    The inner 401 usually means a wrong `empowerUser` (S1).
    """
    codes = sorted({code for code, _ in failures if _ENGINE_CODE.fullmatch(code)})
    queues = sorted({queue for _, queue in failures if _NAME.fullmatch(queue)})
    if "401" in codes:
        return MisconfiguredError(
            f"{call.service}: Empower refuses the account that documents are kept under (statusCode 401): "
            "correct `on_demand.empower_user`, or let that account in"
        )
    where = f" for {', '.join(map(repr, queues))}" if queues else ""
    which = f" (statusCode {', '.join(codes)})" if codes else ""
    told = f"{call.service}: the engine could not make the output{where}{which}"
    if others_made and not call.repeatable:
        return OutcomeUnknownError(f"{told}, but made others, which may have left: look in Exstream")
    return PermanentError(f"{told}: look at the engine's messages in Exstream")


def lost(call: Call, at: str, what: str) -> ConnectorError:
    """Return what a lost answer means: nothing where asking twice does no harm."""
    if call.repeatable:
        return TransientError(f"{call.service} at {at} {what}")
    return OutcomeUnknownError(f"{call.service} at {at} {what}: it may have begun; look in Exstream whether it did")


def too_large(call: Call, at: str) -> ConnectorError:
    """Return what an answer above the limit means: the next one would be as large."""
    told = f"{call.service} at {at} answers with more than {call.largest_answer} bytes"
    if call.repeatable:
        return PermanentError(f"{told}: raise `largest_answer`, or make the design's output smaller")
    return OutcomeUnknownError(f"{told}: it took what was asked; look in Exstream what it made")


def strange_answer(call: Call, at: str) -> ConnectorError:
    """Return what a success means whose body is not what such calls give."""
    told = f"{call.service} at {at} answers with something else than such calls give"
    if call.repeatable:
        return MisconfiguredError(f"{told}: correct `url` and the path, or compare the version with the documentation")
    return OutcomeUnknownError(f"{told}: look in Exstream what came of it")


def unreachable(error: httpx.HTTPError, call: Call, at: str) -> ConnectorError:
    """Return what a broken connection means: before anything was sent, nothing happened."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return MisconfiguredError(f"{call.service}: its `url` is no address that can be called")
    if isinstance(error, httpx.LocalProtocolError):
        return MisconfiguredError(
            f"{call.service}: what is to be asked fits into no request; look for names of more than one line in the "
            "connection's settings and the design's"
        )
    if is_distrust(error):
        return MisconfiguredError(f"{call.service} at {at} shows a certificate that is not trusted: name its `ca_file`")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout):
        return TransientError(f"{call.service} at {at} cannot be reached: does it run, and is the address right?")
    if isinstance(error, httpx.TimeoutException):
        return lost(call, at, "did not answer in time")
    return lost(call, at, "broke off before its answer was whole")


def _engine_failure(body: bytes, call: Call) -> ConnectorError | None:
    failure = decoded(body, _EngineFailure)
    if failure is None or failure.status.casefold() != "error" or not failure.data:
        return None
    return engine_failure([_pair(output) for output in failure.data], call)


def _pair(output: _OutputFailure) -> tuple[str, str]:
    context = output.engine_output_context
    return str(output.status_code or ""), (context.queue_name if context is not None else None) or ""


def _by_code(refused: Refused, call: Call, told: str) -> ConnectorError | None:
    error = _service_error(refused.body)
    code = _number(error.error_code)
    if code is None:
        return None
    remedy = _REMEDIES.get(code)
    if remedy is not None:
        text = remedy.text.format(channel=call.named("channel"), domain=call.named("domain"))
        return remedy.kind(f"{told} (errorCode {code}): {text}")
    if (
        HTTPStatus.BAD_REQUEST <= refused.status < HTTPStatus.INTERNAL_SERVER_ERROR
        and refused.status not in _SPOKEN_FOR
    ):
        return PermanentError(f"{told} (errorCode {code}): look the code up in Exstream's log of that service")
    return None


def _by_status(refused: Refused, call: Call, told: str) -> ConnectorError:
    status = refused.status
    if remedy := _STATUSES.get(status):
        return remedy.kind(f"{told}: {remedy.text}")
    if status in _LATER:
        return TransientError(f"{told}: it takes nothing at the moment", retry_after=refused.retry_after)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _broken(call, told)
    if status in _NO_SERVICE and _service_error(refused.body) == _ServiceError():
        return MisconfiguredError(f"{told}: there is no such service; correct `url` or the path")
    if status in _NO_SERVICE:
        return PermanentError(
            f"{told}: it does not know something that the request names; compare domain, communication, data source "
            "and channel with those of this environment"
        )
    return PermanentError(f"{told}: it does not take this request")


def _broken(call: Call, told: str) -> ConnectorError:
    if call.repeatable:
        return TransientError(f"{told}: it failed, or its identity server is down")
    return OutcomeUnknownError(f"{told}: it may have begun all the same; look in Exstream whether it did")


def _with_ids(error: ConnectorError, ids: Mapping[str, str]) -> ConnectorError:
    """Return the error with the names that the services gave the request; quoted, so that its group stays one."""
    if not ids:
        return error
    told = f"{error} [{', '.join(f'{name} {value!r}' for name, value in ids.items())}]"
    if isinstance(error, TransientError):
        return TransientError(told, retry_after=error.retry_after)
    return type(error)(told)


def _service_error(body: bytes) -> _ServiceError:
    return decoded(body, _ServiceError) or _ServiceError()


def _number(told: int | str | None) -> int | None:
    if isinstance(told, int):
        return told
    return int(told) if told is not None and _SECONDS.fullmatch(told) else None
