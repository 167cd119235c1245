"""Resend's webhook, as it signs its requests."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes!").decode()
_WORDS = {
    Became.DELIVERED: "email.delivered",
    Became.RETURNED: "email.bounced",
    Became.UNHEARD_OF: "email.of_next_year",
}


class Resend:
    settings: Mapping[str, object] = {"reports": {"secrets": [SECRET]}}
    of_another: Mapping[str, object] = {
        "reports": {"secrets": ["whsec_" + base64.b64encode(b"another secret of it, 32 bytes!!").decode()]}
    }
    signs_its_time = True

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        about = {"email_id": reference, "to": ["anna@customers.test"], "tags": {"xconnector_dispatch": dispatch_key}}
        told = {"type": _WORDS[became], "created_at": at.isoformat(), "data": about}
        body, message, timestamp = (
            json.dumps(told).encode(),
            f"msg_{became}".replace(" ", "_"),
            str(int(at.timestamp())),
        )
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        digest = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(digest).decode()}"
        return FeedbackRequest(
            headers={"svix-id": message, "svix-timestamp": timestamp, "svix-signature": signature}, body=body
        )


REPORT_SENDER = Resend()
