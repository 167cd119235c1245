"""Lob's webhook, as it signs its requests."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a secret of the tests"
ACCOUNT = {"api_key": "test_key", "sender": "adr_1"}
_WORDS = {
    Became.DELIVERED: "letter.delivered",
    Became.RETURNED: "letter.returned_to_sender",
    Became.UNHEARD_OF: "letter.of_next_year",
}


class Lob:
    settings: Mapping[str, object] = {**ACCOUNT, "reports": {"secrets": [SECRET]}}
    of_another: Mapping[str, object] = {**ACCOUNT, "reports": {"secrets": ["another secret"]}}
    signs_its_time = True

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = {
            "id": f"evt_{became}",
            "event_type": {"id": _WORDS[became]},
            "reference_id": reference,
            "date_created": at.isoformat(),
            "body": {"id": reference, "metadata": {"xconnector_dispatch": dispatch_key}},
        }
        body, timestamp = json.dumps(told).encode(), str(int(at.timestamp()))
        signature = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        return FeedbackRequest(headers={"lob-signature": signature, "lob-signature-timestamp": timestamp}, body=body)


REPORT_SENDER = Lob()
