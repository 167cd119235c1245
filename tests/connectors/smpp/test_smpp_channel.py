"""What happens on the line, against a message centre that does as it is told."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import smpp34

from tests.connectors.smpp.stand_in import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, MessageCentre, joined, open_stand_in
from xconnector.connectors.smpp.channel import SmppChannel
from xconnector.connectors.smpp.settings import SmppSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent, DeliveryReason
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.domain.feedback.signal import Signal
from xconnector.testing.dispatches import sample_dispatch

RECEIPT = 0x04


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncGenerator[MessageCentre]:
    async with open_stand_in(tmp_path) as centre:
        yield centre


def channel_to(centre: MessageCentre, folder: Path, clock: Clock | None = None, **changed: object) -> SmppChannel:
    settings = SmppSettings.model_validate({**centre.settings, **changed})
    return SmppChannel(
        settings, Surroundings(project_folder=folder, state_folder=folder / "state"), now=clock or Clock()
    )


def text(content: str, number: int = 1) -> Dispatch:
    kinds = frozenset({RenditionKind.SMS})
    return replace(
        sample_dispatch(number, kinds),
        renditions={RenditionKind.SMS: Rendition.of(RenditionKind.SMS, content.encode())},
    )


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def news(channel: SmppChannel) -> list[DeliveryEvent | Signal]:
    """Everything that waits, acknowledged."""
    found: list[DeliveryEvent | Signal] = []
    async for inbound in channel.reports():
        found += inbound.item
        await inbound.ack()
    return found


async def sent(channel: SmppChannel, *dispatches: Dispatch) -> Sequence[Receipt]:
    results = await channel.send(dispatches)
    assert all(isinstance(result, Receipt) for result in results), results
    return [result for result in results if isinstance(result, Receipt)]


def told(message_id: str, stat: str = "DELIVRD", err: str = "000", done: str = "2611231305") -> bytes:
    return (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2611231300 done date:{done} stat:{stat} err:{err} text:Ihre"
    ).encode()


def tlvs(message_id: str, state: int) -> list[smpp34.Tlv]:
    return [
        smpp34.Tlv(RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
        smpp34.Tlv(MESSAGE_STATE, bytes([state])),
    ]


NUMBER = "4915550000001"


@pytest.mark.parametrize(
    "content, parts", [("A" * 160, 1), ("A" * 152 + "€" + "B" * 160, 3), ("я" * 66 + "😀" + "я" * 60, 2)]
)
async def test_a_long_text_is_joined_again_by_its_headers(
    centre: MessageCentre, tmp_path: Path, content: str, parts: int
) -> None:
    async with channel_to(centre, tmp_path) as channel:
        (receipt,) = await sent(channel, text(content))

    assert receipt.segments == len(centre.submitted) == parts
    assert joined(centre.submitted) == content
    assert all(len(message.short_message) <= 160 for message in centre.submitted)
    assert {message.short_message[:4] for message in centre.submitted if parts > 1} <= {
        bytes((5, 0, 3, centre.submitted[0].short_message[3]))
    }


async def test_a_long_text_can_travel_as_payload(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path, long_texts="payload") as channel:
        await sent(channel, text("Ü" * 500))

    (message,) = centre.submitted
    assert (message.short_message, joined([message])) == (b"", "Ü" * 500)


async def test_a_route_has_its_own_numbers_for_alphabets(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path, alphabet="latin-1", data_coding={"default": 3}, sender="Aurora") as channel:
        await sent(channel, text("Grüße", 1), text("10 €", 2))

    first, second = sorted(centre.submitted, key=lambda message: message.destination_addr)
    assert (first.data_coding, first.short_message) == (3, "Grüße".encode("latin-1"))
    assert (second.data_coding, second.short_message) == (8, "10 €".encode("utf-16-be"))
    assert (first.source_addr, first.source_addr_ton, first.source_addr_npi) == ("Aurora", 5, 0)


@pytest.mark.parametrize(
    "status, error, reason",
    [
        (0x58, TransientError, None),
        (0x14, TransientError, None),
        (0x0B, PermanentError, DeliveryReason.ADDRESS),
        (0x0A, MisconfiguredError, None),
        (0x401, TransientError, None),
        (0x402, PermanentError, DeliveryReason.UNSUBSCRIBED),
        (0x4FF, PermanentError, None),
    ],
)
async def test_a_status_is_one_of_the_four_errors(
    centre: MessageCentre, tmp_path: Path, status: int, error: type[Exception], reason: DeliveryReason | None
) -> None:
    centre.status_of = lambda _: status
    async with channel_to(centre, tmp_path, vendor_statuses={0x401: "later", 0x402: "stopped"}) as channel:
        (result,) = await channel.send([text("x")])

    assert type(result) is error
    assert getattr(result, "reason", None) is reason


async def test_parts_that_were_taken_are_not_sent_twice_when_the_rest_is_throttled(
    centre: MessageCentre, tmp_path: Path
) -> None:
    dispatch = text("A" * 400)
    centre.status_of = lambda message: 0x58 if message.short_message[5] == 3 else 0
    async with channel_to(centre, tmp_path) as channel:
        (throttled,) = await channel.send([dispatch])
    centre.status_of = lambda _: 0
    async with channel_to(centre, tmp_path) as channel:
        await sent(channel, dispatch)

    assert isinstance(throttled, TransientError)
    assert [message.short_message[5] for message in centre.submitted] == [1, 2, 3]
    assert joined(centre.submitted) == "A" * 400


async def test_a_line_that_breaks_before_the_answer_leaves_the_outcome_unknown(
    centre: MessageCentre, tmp_path: Path
) -> None:
    centre.before_answer = lambda _message, _id: centre.cut()
    async with channel_to(centre, tmp_path) as channel:
        (lost,) = await channel.send([text("x")])
        centre.before_answer = None
        await sent(channel, text("y", 2))

    assert isinstance(lost, OutcomeUnknownError)


async def test_no_more_than_the_window_is_under_way(centre: MessageCentre, tmp_path: Path) -> None:
    under_way: list[int] = []

    async with channel_to(centre, tmp_path, window=1) as channel:
        centre.before_answer = lambda _message, _id: under_way.append(len(centre.submitted))
        await sent(channel, *(text("x", number) for number in range(1, 6)))

    assert under_way == [1, 2, 3, 4, 5]


async def test_a_silent_line_is_tried_and_given_up_when_nobody_answers(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path, timeout=0.1, enquire_every=0.02) as channel:
        await channel.check()
        await until(lambda: centre.enquiries > 2)
        await centre.lose_answers()
        await until(lambda: centre.ended == 1)


async def test_a_receipt_is_read_by_its_parameters_first(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path) as channel:
        (receipt,) = await sent(channel, text("x"))
        status = await centre.deliver(
            told("99999", "UNDELIV"), source=NUMBER, esm_class=RECEIPT, tlvs=tlvs(receipt.reference, 2)
        )
        (event,) = await news(channel)

    assert status == 0
    assert isinstance(event, DeliveryEvent)
    assert (event.dispatch_key, event.type, event.final) == (text("x").dispatch_key, Type.DELIVERED, True)


@pytest.mark.parametrize(
    "given, told_as",
    [("1a2b3c4d", "1A2B3C4D"), ("439041101", "1a2b3c4d"), ("1a2b3c4d", "439041101"), ("0000439041101", "439041101")],
)
async def test_ids_are_known_again_in_either_reading(
    centre: MessageCentre, tmp_path: Path, given: str, told_as: str
) -> None:
    centre.id_of = lambda _: given
    async with channel_to(centre, tmp_path) as channel:
        await sent(channel, text("x"))
        await centre.deliver(told(told_as), source=NUMBER, esm_class=RECEIPT)
        (event,) = await news(channel)

    assert isinstance(event, DeliveryEvent)
    assert (event.type, event.dispatch_key) == (Type.DELIVERED, text("x").dispatch_key)


async def test_where_both_readings_are_known_the_number_tells(centre: MessageCentre, tmp_path: Path) -> None:
    ids = {1: "10", 2: "16"}
    centre.id_of = ids.__getitem__
    async with channel_to(centre, tmp_path, window=1) as channel:
        await sent(channel, text("x", 1), text("y", 2))
        # 16 as it is names the second text; read as decimal it is hexadecimal 10, the first.
        await centre.deliver(told("16"), source=NUMBER, esm_class=RECEIPT)
        (event,) = await news(channel)

    assert isinstance(event, DeliveryEvent)
    assert event.dispatch_key == text("x", 1).dispatch_key


async def test_a_receipt_that_is_quicker_than_the_answer_waits_for_it(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path) as channel:
        await channel.check()
        await centre.deliver(told("00000001"), source=NUMBER, esm_class=RECEIPT)
        before = await news(channel)
        await sent(channel, text("x"))
        after = await news(channel)

    assert before == []
    assert [event.type for event in after] == [Type.DELIVERED]


async def test_a_receipt_of_nobody_is_set_aside_after_a_while(centre: MessageCentre, tmp_path: Path) -> None:
    clock = Clock()
    async with channel_to(centre, tmp_path, clock) as channel:
        await channel.check()
        await centre.deliver(told("777"), source=NUMBER, esm_class=RECEIPT)
        await centre.deliver(b"no receipt at all", source=NUMBER, esm_class=RECEIPT)
        clock.now += timedelta(hours=2)
        assert await news(channel) == []

    aside = [path.name for path in (tmp_path / "state" / "arrivals" / "aside").glob("*.reason")]
    assert len(aside) == 2


async def test_a_text_of_several_parts_is_delivered_when_all_are(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path) as channel:
        (receipt,) = await sent(channel, text("A" * 400))
        first, second, third = receipt.reference.split(",")
        kinds: list[Type] = []
        for message_id in (third, first, first, second):
            await centre.deliver(told(message_id), source=NUMBER, esm_class=RECEIPT)
            kinds += [event.type for event in await news(channel)]

    assert kinds == [Type.SENT, Type.SENT, Type.DELIVERED], "the same bytes again are no news"


async def test_one_part_that_did_not_arrive_is_enough(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path, no_such_number=["001"]) as channel:
        (receipt,) = await sent(channel, text("A" * 400))
        part = receipt.reference.split(",")[1]
        await centre.deliver(told(part, "UNDELIV", "001"), source=NUMBER, esm_class=RECEIPT)
        (event,) = await news(channel)

    assert isinstance(event, DeliveryEvent)
    assert (event.type, event.reason, event.final) == (Type.BOUNCED, DeliveryReason.ADDRESS, True)


async def test_times_without_a_zone_are_of_the_zone_that_is_set(centre: MessageCentre, tmp_path: Path) -> None:
    clock = Clock()
    clock.now = datetime(2026, 11, 23, 13, tzinfo=UTC)
    async with channel_to(centre, tmp_path, clock, receipt_time_zone="Europe/Berlin") as channel:
        (receipt,) = await sent(channel, text("x"))
        await centre.deliver(told(receipt.reference, done="2611231305"), source=NUMBER, esm_class=RECEIPT)
        (event,) = await news(channel)

    assert isinstance(event, DeliveryEvent)
    assert event.occurred_at == datetime(2026, 11, 23, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "content, coding, kind",
    [
        (b"Stop.", 0, Type.UNSUBSCRIBED),
        ("arrêt".encode("latin-1"), 3, Type.UNSUBSCRIBED),
        ("START".encode("utf-16-be"), 8, Type.RESUBSCRIBED),
        (b"thank you", 0, Type.RESPONDED),
    ],
)
async def test_what_a_person_writes_is_a_wish_or_an_answer(
    centre: MessageCentre, tmp_path: Path, content: bytes, coding: int, kind: Type
) -> None:
    async with channel_to(centre, tmp_path) as channel:
        await channel.check()
        await centre.deliver(content, source=NUMBER, data_coding=coding)
        (signal,) = await news(channel)

    assert isinstance(signal, Signal)
    assert (signal.type, signal.recipient) == (kind, NUMBER)


async def test_nothing_is_handed_over_to_a_number_whose_stop_is_not_read_yet(
    centre: MessageCentre, tmp_path: Path
) -> None:
    async with channel_to(centre, tmp_path) as channel:
        await channel.check()
        await centre.deliver(b"STOP", source=NUMBER)
        held, other = await channel.send([text("x", 1), text("y", 2)])
        await news(channel)
        (later,) = await channel.send([text("x", 1)])

    assert (type(held), type(other), type(later)) == (TransientError, Receipt, Receipt)


async def test_what_was_not_acknowledged_is_given_again_after_a_crash(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path) as channel:
        await channel.check()
        await centre.deliver(b"STOP", source=NUMBER)
        async for _ in channel.reports():
            pass
    async with channel_to(centre, tmp_path) as channel:
        again = await news(channel)
        rest = await news(channel)

    assert [signal.type for signal in again] == [Type.UNSUBSCRIBED]
    assert rest == []


async def test_a_message_that_is_given_again_at_once_counts_once_and_another_day_again(
    centre: MessageCentre, tmp_path: Path
) -> None:
    clock = Clock()
    async with channel_to(centre, tmp_path, clock) as channel:
        await channel.check()
        for minutes in (0, 2, 60):
            clock.now += timedelta(minutes=minutes)
            await centre.deliver(b"yes please", source=NUMBER)
        heard = await news(channel)

    assert [signal.type for signal in heard] == [Type.RESPONDED] * 2


async def test_what_another_worker_took_meanwhile_is_not_held_in_memory(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path) as channel, channel_to(centre, tmp_path) as other:
        await channel.check()
        await centre.deliver(b"one", source=NUMBER)
        await centre.deliver(b"two", source=NUMBER)
        heard: list[DeliveryEvent | Signal] = []
        async for inbound in channel.reports():
            heard += inbound.item
            await news(other)

    assert len(heard) == 1


async def test_a_stop_is_looked_for_among_stops_alone(
    centre: MessageCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []
    scandir = os.scandir

    def noting(path: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        looked.append(path)
        return scandir(path)

    async with channel_to(centre, tmp_path) as channel:
        await channel.check()
        await centre.deliver(b"hello", source=NUMBER)
        monkeypatch.setattr(os, "scandir", noting)
        await sent(channel, text("x"))
        monkeypatch.undo()

    assert {path.name for path in looked if "arrivals" in path.parts} == {"stops"}


async def test_what_was_set_aside_is_forgotten_after_as_long_as_ids_are(centre: MessageCentre, tmp_path: Path) -> None:
    clock = Clock()
    aside = tmp_path / "state" / "arrivals" / "aside"
    async with channel_to(centre, tmp_path, clock) as channel:
        await channel.check()
        await centre.deliver(b"no receipt at all", source=NUMBER, esm_class=RECEIPT)
        await news(channel)
        kept = len([*aside.iterdir()])
        clock.now += timedelta(days=9)
        await news(channel)

    assert (kept, [*aside.iterdir()]) == (2, [])


async def test_a_text_may_not_be_valid_for_longer_than_its_ids_are_known(centre: MessageCentre) -> None:
    with pytest.raises(ValueError, match="late receipts would find no text"):
        SmppSettings.model_validate({**centre.settings, "valid_for": "10d"})
    SmppSettings.model_validate({**centre.settings, "valid_for": "10d", "remember": "10d"})


async def test_a_password_that_the_protocol_cannot_carry_is_a_finding(centre: MessageCentre) -> None:
    with pytest.raises(ValueError, match="at most 8"):
        SmppSettings.model_validate({**centre.settings, "password": "ninechars"})
    with pytest.raises(ValueError, match="readable over the network"):
        SmppSettings.model_validate({**centre.settings, "host": "smpp.example.com"})


async def test_an_id_that_is_anothers_in_another_reading_is_told_of_nobody(
    centre: MessageCentre, tmp_path: Path
) -> None:
    centre.id_of = lambda _: "10"
    clock = Clock()
    async with channel_to(centre, tmp_path, clock) as channel:
        await sent(channel, text("x"))
        # 16 is 10 in hexadecimal, but what it speaks of went to somebody else.
        await centre.deliver(told("16"), source="491700000000", esm_class=RECEIPT)

        assert await news(channel) == []


async def test_what_was_taken_and_cannot_be_noted_is_not_sent_again(centre: MessageCentre, tmp_path: Path) -> None:
    async with channel_to(centre, tmp_path) as channel:
        await channel.check()
        folder = tmp_path / "state" / "sent"
        centre.before_answer = lambda _message, _id: (shutil.rmtree(folder, ignore_errors=True), folder.touch())
        (result,) = await channel.send([text("x")])

    assert len(centre.submitted) == 1
    assert isinstance(result, OutcomeUnknownError)


async def test_a_line_that_nobody_waits_for_any_more_is_ended(centre: MessageCentre, tmp_path: Path) -> None:
    centre.binds = False
    async with channel_to(centre, tmp_path, timeout=30) as channel:
        binding = asyncio.create_task(channel.check())
        await until(lambda: centre.open_lines > 0)
        binding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await binding
        await until(lambda: centre.open_lines == 0)
