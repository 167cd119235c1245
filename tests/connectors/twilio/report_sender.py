"""Twilio's status callbacks, as it signs its requests."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

TOKEN = "a token of the tests"
ADDRESS = "https://bank.test/reports/text"
_ACCOUNT = f"AC{'0' * 32}"
_WORDS = {Became.DELIVERED: "delivered", Became.RETURNED: "undelivered", Became.UNHEARD_OF: "of next year"}


def _settings(token: str) -> Mapping[str, object]:
    return {
        "account_sid": _ACCOUNT,
        "auth_token": token,
        "sender": "+4915112345678",
        "status_callback": ADDRESS,
    }


class Twilio:
    settings: Mapping[str, object] = _settings(TOKEN)
    of_another: Mapping[str, object] = _settings("another token")
    signs_its_time = False

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        del dispatch_key, at  # of neither does Twilio tell
        fields = {
            "AccountSid": _ACCOUNT,
            "MessageSid": reference,
            "MessageStatus": _WORDS[became],
            "ErrorCode": "30005",
            "To": "+4915187654321",
        }
        spoken = ADDRESS + "".join(name + fields[name] for name in sorted(fields))
        signature = base64.b64encode(hmac.new(TOKEN.encode(), spoken.encode(), hashlib.sha1).digest()).decode()
        return FeedbackRequest(
            headers={"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature},
            body=urlencode(fields).encode(),
            url="http://127.0.0.1:8080/reports/text",
        )


REPORT_SENDER = Twilio()
