"""Postmark's webhook, as it sends a secret along."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from tests.connectors.mail_services import MAIL
from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a secret that nobody else sees"
_WORDS = {Became.DELIVERED: "Delivery", Became.RETURNED: "Bounce", Became.UNHEARD_OF: "OfNextYear"}


class Postmark:
    settings: Mapping[str, object] = {
        **MAIL,
        "server_token": "a token",
        "reports": {"user": "provider", "secrets": [SECRET]},
    }
    of_another: Mapping[str, object] = {
        **MAIL,
        "server_token": "a token",
        "reports": {"user": "provider", "secrets": ["another secret of somebody"]},
    }
    signs_its_time = False

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = {
            "RecordType": _WORDS[became],
            "Type": "HardBounce",
            "MessageID": reference,
            "DeliveredAt": at.isoformat(),
            "BouncedAt": at.isoformat(),
            "Recipient": "anna@customers.test",
            "Metadata": {"xconnector_dispatch": dispatch_key},
        }
        authorization = f"Basic {base64.b64encode(f'provider:{SECRET}'.encode()).decode()}"
        return FeedbackRequest(headers={"authorization": authorization}, body=json.dumps(told).encode())


REPORT_SENDER = Postmark()
