"""What Firebase's answers mean for a device."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.fcm.answer import meant
from xconnector.contract.device import GoneDevice
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

DEVICE = UUID(int=7)
OF_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


def error(code: str, *fields: str) -> bytes:
    details: list[dict[str, Any]] = [{"@type": OF_FCM, "errorCode": code}]
    if fields:
        details.append({"fieldViolations": [{"field": name, "description": "…"} for name in fields]})
    return json.dumps({"error": {"status": "X", "message": "for a person", "details": details}}).encode()


@pytest.mark.parametrize(
    "status, body, kind",
    [
        (404, error("UNREGISTERED"), GoneDevice),
        (400, error("INVALID_ARGUMENT", "message.token"), GoneDevice),
        (400, error("INVALID_ARGUMENT", "message.token", "message.data"), PermanentError),
        (400, error("INVALID_ARGUMENT"), PermanentError),
        (403, error("SENDER_ID_MISMATCH"), PermanentError),
        (401, error("THIRD_PARTY_AUTH_ERROR"), MisconfiguredError),
        (403, b"", MisconfiguredError),
        (404, b"no project", MisconfiguredError),
        (429, error("QUOTA_EXCEEDED"), TransientError),
        (503, error("UNAVAILABLE"), TransientError),
        (500, b"\xff", TransientError),
    ],
)
def test_each_code_has_one_meaning(status: int, body: bytes, kind: type[object]) -> None:
    assert type(meant(status, {}, body, DEVICE)) is kind


def test_the_wait_that_is_asked_for_is_told() -> None:
    told = meant(429, {"retry-after": "60"}, error("QUOTA_EXCEEDED"), DEVICE)

    assert isinstance(told, TransientError)
    assert told.retry_after == timedelta(minutes=1)


@given(st.integers(300, 599), st.binary(max_size=100))
def test_no_answer_is_beyond_us(status: int, body: bytes) -> None:
    assert isinstance(meant(status, {}, body, DEVICE), ConnectorError)
