"""Several devices are one dispatch."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from xconnector.contract.channel import Receipt
from xconnector.contract.device import GoneDevice, NoDeviceError
from xconnector.contract.device_outcome import DeviceAnswer, outcome_of
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError

GONE = st.integers(1, 9).map(lambda number: GoneDevice(device_id=UUID(int=number), reason="410"))
ERRORS = st.sampled_from([TransientError, OutcomeUnknownError, MisconfiguredError, PermanentError]).map(
    lambda kind: kind("why")
)
ANSWERS = st.lists(st.one_of(st.just("taken"), GONE, ERRORS), max_size=5)


@given(ANSWERS)
def test_it_arrived_when_one_device_took_it(answers: list[DeviceAnswer]) -> None:
    assert isinstance(outcome_of(answers), Receipt) is ("taken" in answers)


@given(ANSWERS)
def test_what_may_have_arrived_is_never_tried_again_or_sent_elsewhere(answers: list[DeviceAnswer]) -> None:
    lost = any(isinstance(answer, OutcomeUnknownError) for answer in answers)
    if lost and "taken" not in answers:
        assert isinstance(outcome_of(answers), OutcomeUnknownError)


@given(ANSWERS)
def test_the_next_channel_is_due_only_where_no_device_is_left(answers: list[DeviceAnswer]) -> None:
    left = any(
        isinstance(answer, str | TransientError | OutcomeUnknownError | MisconfiguredError) for answer in answers
    )

    assert isinstance(outcome_of(answers), PermanentError) is not left


@given(ANSWERS)
def test_every_gone_device_is_named_where_the_dispatch_is_settled(answers: list[DeviceAnswer]) -> None:
    result, gone = outcome_of(answers), [answer for answer in answers if isinstance(answer, GoneDevice)]
    if isinstance(result, Receipt):
        assert list(result.gone_devices) == gone
    elif isinstance(result, PermanentError) and gone:
        assert isinstance(result, NoDeviceError)
        assert list(result.gone) == gone
