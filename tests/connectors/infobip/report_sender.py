"""Infobip's webhook, as it sends a secret along."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a secret that nobody else sees"
_WORDS = {Became.DELIVERED: "DELIVERED", Became.RETURNED: "UNDELIVERABLE", Became.UNHEARD_OF: "OF_NEXT_YEAR"}
_ACCOUNT = {"url": "https://small.api.infobip.com", "api_key": "x", "sender": "Small"}


class Infobip:
    settings: Mapping[str, object] = {**_ACCOUNT, "reports": {"user": "provider", "secrets": [SECRET]}}
    of_another: Mapping[str, object] = {
        **_ACCOUNT,
        "reports": {"user": "provider", "secrets": ["another secret of somebody"]},
    }
    signs_its_time = False

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = {
            "results": [
                {
                    "messageId": reference,
                    "to": "4915112345678",
                    "doneAt": at.isoformat(),
                    "status": {"groupName": _WORDS[became], "name": _WORDS[became]},
                    "callbackData": dispatch_key,
                }
            ]
        }
        authorization = f"Basic {base64.b64encode(f'provider:{SECRET}'.encode()).decode()}"
        return FeedbackRequest(headers={"authorization": authorization}, body=json.dumps(told).encode())


REPORT_SENDER = Infobip()
