"""Signature Version 4: a vector that Amazon publishes, and what must change a signature."""

from dataclasses import replace
from datetime import UTC, datetime

from xconnector.connectors.ses.signing import SigningKey, signed_headers

# "get-vanilla" and "post-vanilla" of the AWS Signature Version 4 test suite.
KEY = SigningKey(
    access_key_id="AKIDEXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region="us-east-1",
    service="service",
)
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
URL = "https://example.amazonaws.com/"


def signature(key: SigningKey = KEY, method: str = "GET", url: str = URL, body: bytes = b"") -> str:
    return signed_headers(key, method, url, body, now=NOW)["authorization"]


def test_the_published_vectors() -> None:
    scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
    begin = f"{scope}SignedHeaders=host;x-amz-date, Signature="

    assert signature() == f"{begin}5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    assert signature(method="POST") == f"{begin}5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"


def test_everything_that_is_sent_is_signed() -> None:
    others = [
        signature(method="PUT"),
        signature(url=f"{URL}other"),
        signature(body=b"{}"),
        signature(replace(KEY, region="eu-central-1")),
        signature(replace(KEY, session_token="token")),
        signature(replace(KEY, secret_access_key="another")),
    ]

    assert len({signature(), *others}) == len(others) + 1


def test_a_key_shows_no_secret() -> None:
    assert "wJalr" not in repr(KEY)
