from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.feedback.signal import Signal
from xconnector.pipeline.conversing import number_of


@given(st.integers(1, 10**15 - 1))
def test_a_number_is_the_same_however_a_provider_spells_it(number: int) -> None:
    for spelled in (f"+{number}", f"{number}", f"00{number}", f"+{number} "):
        assert number_of(Signal(type=Type.RESPONDED, recipient=spelled)) == f"+{number}"


@given(st.text(max_size=40), st.sampled_from(list(Type)))
def test_whatever_wrote_is_a_number_or_nobody(recipient: str, kind: Type) -> None:
    number = number_of(Signal(type=kind, recipient=recipient, occurred_at=datetime(2026, 11, 23, tzinfo=UTC)))

    assert number is None or (number.startswith("+") and number[1:].isdigit())
