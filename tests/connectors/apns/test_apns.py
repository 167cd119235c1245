"""What Apple's answers mean for a device, and how old its proof may become."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.apns.answer import Refused, meant, read
from xconnector.connectors.apns.proof import Proof
from xconnector.contract.device import GoneDevice
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

DEVICE = UUID(int=7)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "status, reason, kind",
    [
        (410, "Unregistered", GoneDevice),
        (410, "", GoneDevice),
        (400, "BadDeviceToken", PermanentError),
        (400, "DeviceTokenNotForTopic", PermanentError),
        (400, "TopicDisallowed", MisconfiguredError),
        (403, "InvalidProviderToken", MisconfiguredError),
        (403, "ExpiredProviderToken", TransientError),
        (429, "TooManyProviderTokenUpdates", TransientError),
        (429, "TooManyRequests", TransientError),
        (503, "Shutdown", TransientError),
        (413, "PayloadTooLarge", PermanentError),
    ],
)
def test_each_reason_has_one_meaning(status: int, reason: str, kind: type[object]) -> None:
    assert type(meant(status, Refused(reason=reason), DEVICE)) is kind


def test_a_device_is_gone_since_apples_moment() -> None:
    told = read(b'{"reason": "Unregistered", "timestamp": 1763888400000}')

    gone = meant(410, told, DEVICE)

    assert isinstance(gone, GoneDevice)
    assert gone.since == datetime(2025, 11, 23, 9, tzinfo=UTC)


@given(st.integers(300, 599), st.binary(max_size=100), st.integers(-(2**63), 2**63))
def test_no_answer_is_beyond_us(status: int, body: bytes, timestamp: int) -> None:
    assert isinstance(meant(status, read(body), DEVICE), ConnectorError | GoneDevice)
    assert isinstance(meant(status, Refused(timestamp=timestamp), DEVICE), ConnectorError | GoneDevice)


@given(st.lists(st.tuples(st.integers(0, 3600), st.booleans()), min_size=1, max_size=30))
def test_a_proof_is_never_old_and_never_renewed_too_soon(steps: list[tuple[int, bool]]) -> None:
    key = ec.derive_private_key(7, ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    clock = [NOW]
    proof = Proof(pem, key_id="ABC123DEFG", team_id="DEF123GHIJ", now=lambda: clock[0])
    made: dict[str, datetime] = {}
    for seconds, is_refused in steps:
        clock[0] += timedelta(seconds=seconds)
        if is_refused:
            proof.expired()
        made.setdefault(proof.token(), clock[0])
        assert clock[0] - made[proof.token()] < timedelta(minutes=60)
    moments = sorted(made.values())
    assert all(later - earlier >= timedelta(minutes=20) for earlier, later in pairwise(moments))
