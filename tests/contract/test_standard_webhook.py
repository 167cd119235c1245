"""What we send is signed by Standard Webhooks 1.0."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter, ValidationError
from standardwebhooks import Webhook

from xconnector.contract.standard_webhook import WebhookSecret, signed_headers

VECTOR: dict[str, Any] = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": 1614265330,
    "payload": '{"test": 2432232314}',
    "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The one vector that the libraries of the specification share (MIT)."""
SECRETS = st.binary(min_size=24, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())


def test_the_vector_of_the_specification_is_met() -> None:
    at = datetime.fromtimestamp(VECTOR["timestamp"], UTC)

    headers = signed_headers(VECTOR["msg_id"], VECTOR["payload"].encode(), [SecretStr(VECTOR["secret"])], at=at)

    assert headers["webhook-signature"] == VECTOR["signature"]
    assert headers["webhook-timestamp"] == str(VECTOR["timestamp"])


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3), SECRETS, SECRETS)
def test_the_library_of_the_specification_proves_each_of_two_secrets(
    content: dict[str, str], old: str, new: str
) -> None:
    body = json.dumps(content).encode()

    headers = signed_headers("m-1", body, [SecretStr(new), SecretStr(old)], at=datetime.now(UTC))

    for secret in (old, new):
        assert Webhook(secret).verify(body, dict(headers)) == content


def test_a_private_key_signs_what_its_public_half_proves() -> None:
    key = Ed25519PrivateKey.generate()
    secret = SecretStr("whsk_" + base64.b64encode(key.private_bytes_raw()).decode())

    headers = signed_headers("m-1", b"{}", [secret], at=datetime(2026, 1, 2, tzinfo=UTC))

    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1a"
    content = f"m-1.{headers['webhook-timestamp']}.{{}}".encode()
    key.public_key().verify(base64.b64decode(signature), content)


@pytest.mark.parametrize("message_id", ["", "a.b"])
def test_an_id_that_could_be_shifted_into_the_time_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="full stop"):
        signed_headers(message_id, b"", [], at=datetime.now(UTC))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsk_c2hvcnQ=", "whsec_no base64!", "a" * 24])
def test_a_secret_that_is_none_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValidationError) as told:
        TypeAdapter(WebhookSecret).validate_python(secret)

    assert len(secret) <= len("whsec_") or secret not in told.value.errors()[0]["msg"]
