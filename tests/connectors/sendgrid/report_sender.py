"""SendGrid's event webhook, as it signs its requests."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.connectors.mail_services import MAIL
from xconnector.contract.feedback import FeedbackRequest
from xconnector.testing.conformance import Became

_KEY = derive_private_key(20_261_123, SECP256R1())
PUBLIC_KEY = base64.b64encode(_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def event(dispatch_key: str, kind: str, *, number: int = 1, **further: object) -> dict[str, object]:
    """An event of the mail of a hand-over."""
    return {
        "email": "anna@customers.test",
        "timestamp": 1_795_000_000 + number,
        "event": kind,
        "sg_event_id": f"event-{dispatch_key}-{kind}-{number}",
        "sg_message_id": f"{dispatch_key}.recvd-5c7-1.0",
        "xconnector_dispatch": dispatch_key,
        **further,
    }


def signed(events: Sequence[Mapping[str, object]], *, at: datetime) -> FeedbackRequest:
    """The request of the event webhook, as SendGrid ends it: with CRLF."""
    return signed_body(json.dumps(list(events)).encode() + b"\r\n", at=at)


def signed_body(body: bytes, *, at: datetime) -> FeedbackRequest:
    timestamp = str(int(at.timestamp()))
    signature = _KEY.sign(timestamp.encode() + body, ECDSA(SHA256()))
    return FeedbackRequest(
        headers={
            "content-type": "application/json",
            "x-twilio-email-event-webhook-timestamp": timestamp,
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        },
        body=body,
    )


class SendGrid:
    settings: Mapping[str, object] = {**MAIL, "api_key": "a key", "reports": {"public_keys": [PUBLIC_KEY]}}
    of_another: Mapping[str, object] = {
        **MAIL,
        "api_key": "a key",
        "reports": {
            "public_keys": [
                base64.b64encode(
                    derive_private_key(7, SECP256R1())
                    .public_key()
                    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
                ).decode()
            ]
        },
    }
    signs_its_time = True

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        told = {
            Became.DELIVERED: event(dispatch_key, "delivered"),
            Became.RETURNED: event(dispatch_key, "bounce", type="bounce", status="5.1.1"),
            Became.UNHEARD_OF: event(dispatch_key, "of next year"),
        }[became]
        return signed([told | {"sg_message_id": f"{reference}.recvd-1"}], at=at)


REPORT_SENDER = SendGrid()
