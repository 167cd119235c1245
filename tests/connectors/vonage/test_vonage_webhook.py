"""Reports and inbound messages of Vonage, in the shapes that its documentation publishes, and their signature."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen, submitted
from xconnector.connectors.vonage.signature import is_genuine
from xconnector.connectors.vonage.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest

ANNA = "4915112345678"
SECRET = "signature secret of the test"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def sms(status: str, code: str = "0") -> dict[str, str]:
    return {
        "msisdn": ANNA,
        "to": "Bank",
        "network-code": "26201",
        "messageId": "m-1",
        "status": status,
        "err-code": code,
        "message-timestamp": "2026-11-23 08:00:00",
        "client-ref": "d-0",
    }


def message(status: str, error: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "message_uuid": "m-1",
        "to": ANNA,
        "from": "Bank",
        "timestamp": "2026-11-23T08:00:00Z",
        "status": status,
        "client_ref": "d-0",
        "channel": "sms",
    }
    kind = f"https://developer.vonage.com/api-errors/messages#{error}"
    return {**told, "error": {"type": kind, "title": error}} if error else told


@pytest.mark.parametrize(
    "told, expected",
    [
        (sms("accepted"), ("accepted", None, None, False)),
        (sms("buffered"), ("deferred", "soft", None, False)),
        (sms("delivered"), ("delivered", None, None, True)),
        (sms("expired"), ("expired", "soft", "unreachable", True)),
        (sms("failed", "3"), ("bounced", "hard", "address", True)),
        (sms("failed", "9"), ("bounced", "hard", "address", True)),
        (sms("failed", "2"), ("bounced", "soft", "unreachable", True)),
        (sms("failed", "99"), ("bounced", "soft", "other", True)),
        (sms("rejected", "6"), ("rejected", None, "content", True)),
        (sms("rejected", "53"), ("rejected", None, "unsubscribed", True)),
        (sms("unknown"), ("unknown", None, None, False)),
        (sms("of next year", "777"), ("unknown", None, None, False)),
        (message("submitted"), ("accepted", None, None, False)),
        (message("delivered"), ("delivered", None, None, True)),
        (message("read"), ("opened", None, None, False)),
        (message("undeliverable", "1240"), ("bounced", "hard", "address", True)),
        (message("undeliverable", "1160"), ("bounced", "soft", "unreachable", True)),
        (message("rejected", "1000"), ("rejected", None, "throttled", True)),
    ],
)
def test_a_report_says_what_became_of_the_message(told: dict[str, Any], expected: Seen) -> None:
    signal = only(FORMAT, posted(told))

    assert seen(signal) == expected
    assert (signal.recipient, signal.provider_id, signal.references) == (ANNA, "m-1", {"client_ref": "d-0"})
    assert signal.occurred_at == NOW


def test_a_report_of_the_sms_api_comes_as_a_form_or_in_the_address_as_well() -> None:
    fields = sms("failed", "3")
    query = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in fields.items())
    asked = FeedbackRequest(headers={}, body=b"", url=f"https://x.test/reports?{query}")

    assert only(FORMAT, submitted(fields)) == only(FORMAT, asked) == only(FORMAT, posted(fields))


def test_a_text_is_an_answer_or_a_wish() -> None:
    text = {"msisdn": ANNA, "to": "Bank", "messageId": "m-2", "text": "Stop", "type": "text", "keyword": "STOP"}
    inbound = {"message_uuid": "m-3", "to": "Bank", "from": ANNA, "message_type": "text", "text": "Thank you"}

    assert (only(FORMAT, posted(text)).type, only(FORMAT, posted(text)).recipient) == ("unsubscribed", ANNA)
    assert (only(FORMAT, posted(inbound)).type, only(FORMAT, posted(inbound)).recipient) == ("responded", ANNA)


def token(body: bytes, *, secret: str = SECRET, algorithm: str = "HS256", at: datetime = NOW) -> str:
    claims = {"iat": int(at.timestamp()), "payload_hash": hashlib.sha256(body).hexdigest()}
    signed = ".".join(_encoded(json.dumps(one).encode()) for one in ({"alg": algorithm, "typ": "JWT"}, claims))
    return f"{signed}.{_encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def genuine(body: bytes, authorization: str) -> bool:
    return is_genuine(FeedbackRequest(headers={"authorization": authorization}, body=body), SECRET, now=NOW)


def test_a_request_of_vonage_is_genuine_and_no_other_is() -> None:
    body = json.dumps(message("delivered")).encode()

    assert genuine(body, f"Bearer {token(body)}")
    assert not genuine(body + b" ", f"Bearer {token(body)}")
    assert not genuine(body, f"Bearer {token(body, secret='another')}")
    assert not genuine(body, f"Bearer {token(body, algorithm='none')}")
    assert not genuine(body, f"Bearer {token(body, at=NOW - timedelta(minutes=6))}")
    assert not genuine(body, f"Bearer {token(body, at=NOW + timedelta(minutes=6))}")
    assert not genuine(body, f"Basic {token(body)}")
    for nonsense in ("", "Bearer", "Bearer ..", "Bearer a.b.c", "Bearer ä.ö.ü", "Bearer " + "a" * 100_000):
        assert not genuine(body, nonsense)
