import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.signed import TOLERANCE, is_fresh, is_hmac_hex, is_standard_webhook

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@given(st.integers(-600, 600))
def test_a_time_is_fresh_within_the_tolerance_either_way(seconds: int) -> None:
    told = int((NOW + timedelta(seconds=seconds)).timestamp())

    assert is_fresh(str(told), now=NOW) is (abs(seconds) <= TOLERANCE.total_seconds())
    assert is_fresh(str(told * 1000), now=NOW) is is_fresh(str(told), now=NOW)


@pytest.mark.parametrize("told", ["", "soon", "-1", "1.5", "٣", "9" * 17, "1e9", " 1"])
def test_what_is_no_number_of_seconds_is_not_fresh(told: str) -> None:
    assert not is_fresh(told, now=NOW)


@given(st.binary(min_size=1, max_size=50), st.binary(max_size=200), st.binary(max_size=200))
def test_a_signature_is_of_its_content_alone(secret: bytes, content: bytes, other: bytes) -> None:
    signature = hmac.new(secret, content, hashlib.sha256).hexdigest()

    assert is_hmac_hex(signature, secret, content)
    assert is_hmac_hex(signature.upper(), secret, content)
    assert is_hmac_hex(signature, secret, other) is (other == content)


@given(st.text(), st.text(), st.text(), st.text(), st.binary())
def test_no_nonsense_is_a_standard_webhook(
    message_id: str, timestamp: str, signatures: str, secret: str, body: bytes
) -> None:
    assert not is_standard_webhook(
        message_id=message_id, timestamp=timestamp, signatures=signatures, secret=secret, body=body, now=NOW
    )
