"""Twilio's signature, by the vectors of its own libraries."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.connectors.recorded import submitted
from xconnector.connectors.twilio.signature import is_genuine, is_signed
from xconnector.contract.feedback import FeedbackRequest

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "twilio_signature" / "vectors.json"
pytestmark = pytest.mark.skipif(
    not VECTORS.is_file(), reason="needs ../shared/vectors/twilio_signature, which is not in this repository"
)


@pytest.fixture
def vectors() -> dict[str, Any]:
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def signed(request: FeedbackRequest, signature: str) -> FeedbackRequest:
    return FeedbackRequest(headers={"x-twilio-signature": signature}, body=request.body, url=request.url)


def test_every_vector_is_genuine_and_no_other_token_is(vectors: dict[str, Any]) -> None:
    for case in vectors["cases"]:
        request = signed(submitted(vectors["params"], case["uri"]), case["sig"])

        assert is_genuine(request, vectors["token"]), case["note"]
        assert not is_genuine(request, "another"), case["note"]


def test_a_name_that_is_repeated_is_signed_with_each_value_once(vectors: dict[str, Any]) -> None:
    fields = parse_qs(vectors["duplicate"]["form"])

    assert is_signed(vectors["uri"], fields, vectors["duplicate"]["sig"], vectors["token"])


def test_a_changed_request_is_not(vectors: dict[str, Any]) -> None:
    case = vectors["cases"][0]
    for request in (
        signed(submitted({**vectors["params"], "Digits": "9"}, case["uri"]), case["sig"]),
        signed(submitted(vectors["params"], "https://other.test/"), case["sig"]),
        signed(submitted(vectors["params"], "https://[half"), case["sig"]),
        signed(submitted(vectors["params"], "https://x.test:port/"), case["sig"]),
        signed(submitted(vectors["params"], case["uri"]), ""),
    ):
        assert not is_genuine(request, vectors["token"])


def test_of_json_the_digest_in_the_address_is_looked_at(vectors: dict[str, Any]) -> None:
    body = vectors["body"]
    url = f"https://x.test/hook?bodySHA256={body['sha256']}"
    # The vector gives the digest alone; a signature over an address is what the cases above prove.
    assert not is_genuine(FeedbackRequest(headers={}, body=body["body"].encode(), url=url), vectors["token"])
    signature = signature_of(url, vectors["token"])
    genuine = FeedbackRequest(headers={"x-twilio-signature": signature}, body=body["body"].encode(), url=url)
    changed = FeedbackRequest(headers={"x-twilio-signature": signature}, body=b"{}", url=url)

    assert is_genuine(genuine, vectors["token"])
    assert not is_genuine(changed, vectors["token"])


def signature_of(url: str, token: str) -> str:
    import base64
    import hashlib
    import hmac

    return base64.b64encode(hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()).decode()
