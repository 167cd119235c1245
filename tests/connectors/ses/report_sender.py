"""Amazon SNS, as it signs the envelope of events of SES; the certificate is our own."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
_WORDS = {Became.DELIVERED: "Delivery", Became.RETURNED: "Bounce", Became.UNHEARD_OF: "OfNextYear"}


@cache
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key().public_key())
    dated = builder.serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    return dated.not_valid_after(datetime(2027, 1, 1, tzinfo=UTC)).sign(key(), SHA256()).public_bytes(Encoding.PEM)


class Sns:
    settings: Mapping[str, object] = {"reports": {"topics": [TOPIC]}}
    of_another: Mapping[str, object] = {"reports": {"topics": [f"{TOPIC}-of-another"]}}
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
        return FeedbackRequest(
            headers={"x-amz-sns-message-type": "Notification"}, body=json.dumps(told).encode()
        )


REPORT_SENDER = Sns()
