"""The signature of Amazon SNS: the vector is made here, with a certificate of our own."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from xconnector.connectors.ses.signature import certificate_address, is_genuine
from xconnector.contract.feedback import FeedbackRequest

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-central-1:1:feedback"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key: RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return dated.sign(key, SHA256()).public_bytes(Encoding.PEM)


def envelope(key: RSAPrivateKey, *, version: str = "2", **changed: str) -> dict[str, str]:
    told = {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": TOPIC,
        "Message": '{"eventType": "Send"}',
        "Timestamp": "2026-11-23T08:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    }
    text = "".join(f"{name}\n{told[name]}\n" for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
    signature = key.sign(text.encode(), PKCS1v15(), SHA256() if version == "2" else SHA1())  # noqa: S303 - version 1 of SNS
    return {**told, "Signature": base64.b64encode(signature).decode(), **changed}


def request(told: dict[str, str]) -> FeedbackRequest:
    return FeedbackRequest(headers={}, body=json.dumps(told).encode())


def genuine(told: dict[str, str], certificate: bytes, *, now: datetime = NOW) -> bool:
    return is_genuine(request(told), certificate, topics=frozenset({TOPIC}), now=now)


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_envelope_of_sns_is_genuine(key: RSAPrivateKey, certificate: bytes, version: str) -> None:
    assert genuine(envelope(key, version=version), certificate)


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "{}"},
        {"MessageId": "2"},
        {"TopicArn": "arn:aws:sns:eu-central-1:2:other"},
        {"Type": "SubscriptionConfirmation"},
        {"Subject": "added"},
        {"SignatureVersion": "3"},
        {"Signature": "no base64!"},
        {"Signature": ""},
        {"Timestamp": "2026-11-23T08:00:01.000Z"},
    ],
)
def test_a_changed_envelope_is_not(key: RSAPrivateKey, certificate: bytes, changed: dict[str, str]) -> None:
    assert not genuine(envelope(key, **changed), certificate)


def test_an_old_envelope_is_not(key: RSAPrivateKey, certificate: bytes) -> None:
    assert not genuine(envelope(key), certificate, now=NOW + timedelta(minutes=6))
    assert not genuine(envelope(key), b"no certificate")


@pytest.mark.parametrize(
    "address, taken",
    [
        (CERTIFICATE_URL, True),
        (CERTIFICATE_URL.replace(".com/", ".com.cn/"), True),
        (CERTIFICATE_URL.replace("https", "http"), False),
        (CERTIFICATE_URL.replace("sns.", "x@sns."), False),
        (CERTIFICATE_URL.replace(".com/", ".com.evil.test/"), False),
        (CERTIFICATE_URL.replace(".com/", ".com:8443/"), False),
        (CERTIFICATE_URL.replace("SimpleNotificationService", "../x"), False),
        (CERTIFICATE_URL + "?x=1", False),
        ("https://sns.eu-central-1.amazonaws.com:port/x.pem", False),
        ("", False),
    ],
)
def test_a_certificate_lies_at_amazons_only(key: RSAPrivateKey, address: str, *, taken: bool) -> None:
    found = certificate_address(request(envelope(key, SigningCertURL=address)))

    assert found == (address if taken else None)
