"""Mailjet's webhook, as it sends a secret along."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a secret that nobody else sees"
_WORDS = {Became.DELIVERED: "sent", Became.RETURNED: "bounce", Became.UNHEARD_OF: "of next year"}


class Mailjet:
    settings: Mapping[str, object] = {"reports": {"user": "provider", "secrets": [SECRET]}}
    of_another: Mapping[str, object] = {"reports": {"user": "provider", "secrets": ["another secret of somebody"]}}
    signs_its_time = False

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = {
            "event": _WORDS[became],
            "time": int(at.timestamp()),
            "MessageID": reference,
            "email": "anna@customers.test",
            "CustomID": dispatch_key,
            "hard_bounce": True,
        }
        authorization = f"Basic {base64.b64encode(f'provider:{SECRET}'.encode()).decode()}"
        return FeedbackRequest(headers={"authorization": authorization}, body=json.dumps(told).encode())


REPORT_SENDER = Mailjet()
