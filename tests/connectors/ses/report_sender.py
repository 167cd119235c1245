"""Amazon SNS, as it signs the envelope of events of SES."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.connectors.mail_services import MAIL
from tests.connectors.ses.authority import key
from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
_WORDS = {Became.DELIVERED: "Delivery", Became.RETURNED: "Bounce", Became.UNHEARD_OF: "OfNextYear"}


class Sns:
    settings: Mapping[str, object] = {
        **MAIL,
        "region": "eu-central-1",
        "access_key_id": "AKIAEXAMPLE000000000",
        "secret_access_key": "a secret",
        "reports": {"topics": [TOPIC]},
    }
    of_another: Mapping[str, object] = {
        **MAIL,
        "region": "eu-central-1",
        "access_key_id": "AKIAEXAMPLE000000000",
        "secret_access_key": "a secret",
        "reports": {"topics": [f"{TOPIC}-of-another"]},
    }
    signs_its_time = True

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        mail = {
            "messageId": reference,
            "destination": ["anna@customers.test"],
            "tags": {"xconnector_dispatch": [dispatch_key]},
        }
        about = {"timestamp": at.isoformat(), "bounceType": "Permanent", "recipients": ["anna@customers.test"]}
        event = {"eventType": _WORDS[became], "mail": mail, _WORDS[became].lower(): about}
        told = {
            "Type": "Notification",
            "MessageId": f"{reference} {became}",
            "TopicArn": TOPIC,
            "Message": json.dumps(event),
            "Timestamp": at.isoformat().replace("+00:00", "Z"),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE_URL,
        }
        text = "".join(f"{name}\n{told[name]}\n" for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
        told["Signature"] = base64.b64encode(key().sign(text.encode(), PKCS1v15(), SHA256())).decode()
        return FeedbackRequest(headers={"x-amz-sns-message-type": "Notification"}, body=json.dumps(told).encode())


REPORT_SENDER = Sns()
