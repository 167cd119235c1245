"""Mailgun's webhook, as it signs its requests."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from tests.connectors.mail_services import MAIL
from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a signing key of the tests"
_WORDS = {Became.DELIVERED: "delivered", Became.RETURNED: "failed", Became.UNHEARD_OF: "of next year"}


class Mailgun:
    settings: Mapping[str, object] = {
        **MAIL,
        "api_key": "a key",
        "domain": "mail.aurora.test",
        "reports": {"secrets": [SECRET]},
    }
    of_another: Mapping[str, object] = {
        **MAIL,
        "api_key": "a key",
        "domain": "mail.aurora.test",
        "reports": {"secrets": ["another signing key"]},
    }
    signs_its_time = True

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        timestamp = str(int(at.timestamp()))
        token = hashlib.sha256(f"{became} {dispatch_key} {at}".encode()).hexdigest()[:50]
        signature = hmac.new(SECRET.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        about = {
            "event": _WORDS[became],
            "id": f"{reference} {became}",
            "severity": "permanent",
            "timestamp": at.timestamp(),
            "recipient": "anna@customers.test",
            "message": {"headers": {"message-id": reference}},
            "user-variables": {"xconnector_dispatch": dispatch_key},
        }
        signed = {"timestamp": timestamp, "token": token, "signature": signature}
        told = {"signature": signed, "event-data": about}
        return FeedbackRequest(headers={"content-type": "application/json"}, body=json.dumps(told).encode())


REPORT_SENDER = Mailgun()
