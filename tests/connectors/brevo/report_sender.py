"""Brevo's webhook, as it sends a secret along."""

import json
from collections.abc import Mapping
from datetime import datetime

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a secret that nobody else sees"
_WORDS = {Became.DELIVERED: "delivered", Became.RETURNED: "hard_bounce", Became.UNHEARD_OF: "of next year"}


class Brevo:
    settings: Mapping[str, object] = {"reports": {"header": "Authorization", "secrets": [SECRET]}}
    of_another: Mapping[str, object] = {
        "reports": {"header": "Authorization", "secrets": ["another secret of somebody"]}
    }
    signs_its_time = False

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = {
            "event": _WORDS[became],
            "email": "anna@customers.test",
            "ts_epoch": int(at.timestamp() * 1000),
            "message-id": f"<{reference}>",
            "X-Mailin-custom": dispatch_key,
        }
        authorization = f"Bearer {SECRET}"
        return FeedbackRequest(headers={"authorization": authorization}, body=json.dumps(told).encode())


REPORT_SENDER = Brevo()
