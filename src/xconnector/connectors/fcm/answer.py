"""What Firebase answers: its error codes, and what each means for a device."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

import msgspec

from xconnector.contract.device import GoneDevice
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.http_refusal import retry_after

_WORD = re.compile(r"[A-Z_]{1,60}", re.ASCII)
_OURS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_TOKEN = "message.token"  # noqa: S105 - the name of a field


class _Violation(msgspec.Struct):
    field: str = ""


class _Detail(msgspec.Struct, rename="camel"):
    error_code: str = ""
    field_violations: list[_Violation] = []


class _Error(msgspec.Struct):
    status: str = ""
    details: list[_Detail] = []


class _Answer(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


def meant(status: int, headers: Mapping[str, str], body: bytes, device_id: UUID) -> GoneDevice | ConnectorError:
    """Return what an answer other than success means."""
    error = _read(body)
    code = _code(error)
    if code == "UNREGISTERED":
        return GoneDevice(device_id=device_id, reason=code)
    if code == "INVALID_ARGUMENT" and _is_token_bad(error):
        return GoneDevice(device_id=device_id, reason="INVALID_ARGUMENT of the token")
    return _error(status, code, headers)


def _error(status: int, code: str, headers: Mapping[str, str]) -> ConnectorError:
    told = f"Firebase answers {status} {code}".strip()
    if code == "SENDER_ID_MISMATCH":
        return PermanentError(f"{told}: the device belongs to an app of another Firebase project")
    if code == "THIRD_PARTY_AUTH_ERROR":
        return MisconfiguredError(f"{told}: Firebase lacks the certificate of the app's maker")
    if status in _OURS:
        return MisconfiguredError(f"{told}: the service account may not send for this project")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(told, retry_after=retry_after(headers))
    return PermanentError(f"{told}: it does not take this message")


def _read(body: bytes) -> _Error:
    try:
        return msgspec.json.decode(body, type=_Answer).error
    except msgspec.DecodeError:
        return _Error()


def _code(error: _Error) -> str:
    """Return the messaging service's own code where there is one, else the general one."""
    code = next((detail.error_code for detail in error.details if detail.error_code), error.status)
    return code if _WORD.fullmatch(code) else ""


def _is_token_bad(error: _Error) -> bool:
    """Say whether the token is what is wrong: a bad message has the same code, and its devices are not gone."""
    return {violation.field for detail in error.details for violation in detail.field_violations} == {_TOKEN}
