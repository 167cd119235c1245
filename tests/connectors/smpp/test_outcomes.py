"""A message centre that is asked tells of each part, and a text is what its parts are."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.smpp.stand_in import MessageCentre, open_stand_in
from tests.connectors.smpp.test_smpp_channel import channel_to, sent, text
from xconnector.connectors.smpp.outcomes import outcome_of
from xconnector.connectors.smpp.receipt import CentreReceipt, read_answer
from xconnector.contract.errors import TransientError
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.feedback.signal import Signal

DONE = "261123130500004+"
DELIVERED, ENROUTE, UNDELIVERABLE = 2, 1, 5


async def told(centre: MessageCentre, folder: Path, *states: tuple[str, int, int] | None) -> list[Signal]:
    """What becomes of a text of three parts, of which the message centre tells this; None of what it does not know."""
    async with channel_to(centre, folder, no_such_number=["001"]) as channel:
        (receipt,) = await sent(channel, text("A" * 400))
        ids = receipt.reference.split(",")
        centre.outcomes = {key: state for key, state in zip(ids, states, strict=True) if state is not None}
        (found,) = await channel.look_up([receipt.reference])
    assert not isinstance(found, Exception), found
    return list(found)


@pytest.mark.parametrize(
    "states, kinds",
    [
        ([(DONE, DELIVERED, 0)] * 3, [Type.DELIVERED]),
        ([(DONE, DELIVERED, 0), (DONE, DELIVERED, 0), None], [Type.SENT]),
        ([("", ENROUTE, 0)] * 3, [Type.SENT]),
        ([(DONE, DELIVERED, 0), (DONE, UNDELIVERABLE, 1), None], [Type.BOUNCED]),
        ([None] * 3, []),
    ],
)
async def test_a_text_is_what_its_parts_are(
    tmp_path: Path, states: list[tuple[str, int, int] | None], kinds: list[Type]
) -> None:
    async with open_stand_in(tmp_path) as centre:
        signals = await told(centre, tmp_path, *states)

    assert [signal.type for signal in signals] == kinds
    if kinds == [Type.DELIVERED]:
        assert (signals[0].occurred_at, signals[0].final) == (datetime(2026, 11, 23, 12, 5, tzinfo=UTC), True)
    if kinds == [Type.BOUNCED]:
        assert (signals[0].reason, signals[0].status_code) == (DeliveryReason.ADDRESS, "1")


async def test_a_message_centre_that_is_away_is_told_by_its_error(tmp_path: Path) -> None:
    async with open_stand_in(tmp_path) as centre, channel_to(centre, tmp_path) as channel:
        await sent(channel, text("x"))
        await centre.go_down()
        centre.cut()
        (found,) = await channel.look_up(["1"])

    assert isinstance(found, TransientError)


def answer(date: bytes = b"", state: int = DELIVERED, error: int = 0) -> bytes:
    return b"7\0" + date + b"\0" + bytes((state, error))


@given(st.binary(max_size=60) | st.builds(answer, st.binary(max_size=17)))
def test_bytes_are_an_answer_or_a_value_error(body: bytes) -> None:
    try:
        read = read_answer(body)
    except ValueError:
        return
    assert read.message_id


ANSWERS = st.none() | st.builds(answer, state=st.integers(0, 12), error=st.integers(0, 3)).map(read_answer)


@given(st.lists(ANSWERS, min_size=1, max_size=6))
def test_nothing_is_delivered_that_has_a_part_which_is_not(parts: list[CentreReceipt | None]) -> None:
    arrived = [part is not None and part.word.type is Type.DELIVERED for part in parts]

    signals = outcome_of("1,2", parts)

    assert [signal.type is Type.DELIVERED for signal in signals] in ([all(arrived)], [])
    assert len({signal.provider_id for signal in signals}) <= 1
