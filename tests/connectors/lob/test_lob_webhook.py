"""Events of Lob, in the shapes of its published specification, and their signature."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.lob.signature import is_genuine
from xconnector.connectors.lob.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest

SECRET = "secret of the test"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def event(name: str) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "body": {"id": "ltr_1", "metadata": {"dispatch": "d-0"}, "to": {"name": "Anna"}},
        "reference_id": "ltr_1",
        "event_type": {"id": name, "enabled_for_test": True, "resource": "letters", "object": "event_type"},
        "date_created": "2026-11-23T08:00:00.000Z",
        "object": "event",
    }


@pytest.mark.parametrize(
    "name, expected",
    [
        ("letter.created", ("accepted", None, None, False)),
        ("letter.rendered_pdf", ("accepted", None, None, False)),
        ("letter.mailed", ("sent", None, None, False)),
        ("letter.in_transit", ("in_transit", None, None, False)),
        ("letter.in_local_area", ("in_transit", None, None, False)),
        ("letter.processed_for_delivery", ("out_for_delivery", None, None, False)),
        ("letter.delivered", ("delivered", None, None, True)),
        ("letter.re-routed", ("deferred", None, "address", False)),
        ("letter.returned_to_sender", ("bounced", "hard", "address", True)),
        ("letter.rejected", ("rejected", None, "content", True)),
        ("letter.failed", ("failed", None, "other", True)),
        ("letter.deleted", ("cancelled", None, None, True)),
        ("letter.viewed", ("opened", None, None, False)),
        ("letter.certified.delivered", ("delivered", None, None, True)),
        ("letter.certified.returned_to_sender", ("bounced", "hard", "address", True)),
        ("letter.return_envelope.returned_to_sender", ("responded", None, None, False)),
        ("letter.return_envelope.in_transit", ("unknown", None, None, False)),
        ("postcard.mailed", ("sent", None, None, False)),
        ("check.delivered", ("delivered", None, None, True)),
        ("letter.of_next_year", ("unknown", None, None, False)),
        ("address.created", ("unknown", None, None, False)),
    ],
)
def test_an_event_says_where_the_piece_is(name: str, expected: Seen) -> None:
    signal = only(FORMAT, posted(event(name)))

    assert seen(signal) == expected
    assert (signal.event_id, signal.provider_id, signal.references) == ("evt_1", "ltr_1", {"dispatch": "d-0"})
    assert signal.occurred_at == NOW


def request(body: bytes, *, at: datetime = NOW, secret: str = SECRET) -> FeedbackRequest:
    timestamp = str(int(at.timestamp() * 1000))
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"lob-signature": signature, "lob-signature-timestamp": timestamp}
    return FeedbackRequest(headers=headers, body=body)


def test_a_request_of_lob_is_genuine_and_no_other_is() -> None:
    body = json.dumps(event("letter.mailed")).encode()
    changed = FeedbackRequest(headers=request(body).headers, body=body + b" ")

    assert is_genuine(request(body), SECRET, now=NOW)
    assert not is_genuine(changed, SECRET, now=NOW)
    assert not is_genuine(request(body, secret="another"), SECRET, now=NOW)
    assert not is_genuine(request(body, at=NOW - timedelta(minutes=6)), SECRET, now=NOW)
    assert not is_genuine(FeedbackRequest(headers={}, body=body), SECRET, now=NOW)
