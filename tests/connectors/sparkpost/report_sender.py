"""SparkPost's webhook, as it sends a secret along."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a secret that nobody else sees"
_WORDS = {Became.DELIVERED: "delivery", Became.RETURNED: "bounce", Became.UNHEARD_OF: "of_next_year"}


class SparkPost:
    settings: Mapping[str, object] = {"reports": {"user": "provider", "secrets": [SECRET]}}
    of_another: Mapping[str, object] = {"reports": {"user": "provider", "secrets": ["another secret of somebody"]}}
    signs_its_time = False

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = [
            {
                "msys": {
                    "message_event": {
                        "type": _WORDS[became],
                        "bounce_class": "10",
                        "rcpt_to": "anna@customers.test",
                        "event_id": f"{reference} {became}",
                        "transmission_id": reference,
                        "timestamp": str(int(at.timestamp())),
                        "rcpt_meta": {"xconnector_dispatch": dispatch_key},
                    }
                }
            }
        ]
        authorization = f"Basic {base64.b64encode(f'provider:{SECRET}'.encode()).decode()}"
        return FeedbackRequest(headers={"authorization": authorization}, body=json.dumps(told).encode())


REPORT_SENDER = SparkPost()
