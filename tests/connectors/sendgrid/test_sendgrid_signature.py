"""SendGrid's signature, by a request that SendGrid itself signed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from xconnector.connectors.sendgrid.signature import is_genuine
from xconnector.contract.feedback import FeedbackRequest

VECTOR = Path(__file__).parents[4] / "shared" / "vectors" / "sendgrid_ecdsa" / "vector.json"
pytestmark = pytest.mark.skipif(
    not VECTOR.is_file(), reason="needs ../shared/vectors/sendgrid_ecdsa, which is not in this repository"
)


@pytest.fixture
def vector() -> dict[str, str]:
    return json.loads(VECTOR.read_text(encoding="utf-8"))


def request(vector: dict[str, str], **changed: str) -> FeedbackRequest:
    told = {**vector, **changed}
    headers = {
        "x-twilio-email-event-webhook-signature": told["signature"],
        "x-twilio-email-event-webhook-timestamp": told["timestamp"],
    }
    return FeedbackRequest(headers=headers, body=told["payload"].encode())


def signed_at(vector: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(int(vector["timestamp"]), UTC)


def test_a_request_of_sendgrid_is_genuine(vector: dict[str, str]) -> None:
    assert is_genuine(request(vector), vector["public_key"], now=signed_at(vector))


def test_a_changed_one_is_not(vector: dict[str, str]) -> None:
    now = signed_at(vector)

    assert not is_genuine(request(vector, payload=vector["payload"].rstrip()), vector["public_key"], now=now)
    assert not is_genuine(request(vector, signature=vector["bad_signature"]), vector["public_key"], now=now)
    assert not is_genuine(request(vector, signature="no base64!"), vector["public_key"], now=now)
    assert not is_genuine(request(vector), vector["bad_key"], now=now)
    assert not is_genuine(request(vector), "no key", now=now)
    assert not is_genuine(request(vector, timestamp="soon"), vector["public_key"], now=now)
    assert not is_genuine(FeedbackRequest(headers={}, body=b"[]"), vector["public_key"], now=now)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_one_of_another_time_is_not(vector: dict[str, str], minutes: int) -> None:
    assert not is_genuine(request(vector), vector["public_key"], now=signed_at(vector) + timedelta(minutes=minutes))
