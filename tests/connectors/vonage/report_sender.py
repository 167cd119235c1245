"""Vonage's webhook, as it signs its requests."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "a secret of the tests"
_WORDS = {Became.DELIVERED: "delivered", Became.RETURNED: "failed", Became.UNHEARD_OF: "of next year"}
_ACCOUNT = {"api_key": "abcd1234", "api_secret": "x", "sender": "Small"}


class Vonage:
    settings: Mapping[str, object] = {**_ACCOUNT, "reports": {"secrets": [SECRET]}}
    of_another: Mapping[str, object] = {**_ACCOUNT, "reports": {"secrets": ["another secret"]}}
    signs_its_time = True

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = {
            "message_uuid": reference,
            "to": "4915112345678",
            "from": "Bank",
            "timestamp": at.isoformat(),
            "status": _WORDS[became],
            "client_ref": dispatch_key,
        }
        body = json.dumps(told).encode()
        claims = {"iat": int(at.timestamp()), "payload_hash": hashlib.sha256(body).hexdigest()}
        signed = ".".join(_encoded(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, claims))
        signature = _encoded(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest())
        return FeedbackRequest(headers={"authorization": f"Bearer {signed}.{signature}"}, body=body)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


REPORT_SENDER = Vonage()
