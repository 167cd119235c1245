"""Services that are asked what became of something tell what they would have reported."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.infobip import stand_in as infobip
from tests.connectors.lob import stand_in as lob
from tests.connectors.mailgun import stand_in as mailgun
from tests.connectors.postmark import stand_in as postmark
from tests.connectors.test_text_message_services import opened
from tests.connectors.twilio import stand_in as twilio
from xconnector.connectors.postmark.webhook import FORMAT as POSTMARK
from xconnector.connectors.twilio.webhook import FORMAT as TWILIO
from xconnector.contract.channel import Channel, Receipt
from xconnector.contract.errors import MisconfiguredError, TransientError
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.reporting import LooksUp
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.feedback.signal import Signal
from xconnector.testing.dispatches import sample_dispatch

MODULES = {"twilio": twilio, "mailgun": mailgun, "postmark": postmark, "infobip": infobip, "lob": lob}


@asynccontextmanager
async def handed_over(name: str, folder: Path) -> AsyncGenerator[tuple[Any, LooksUp, str]]:
    """The service, its channel, and the reference of a hand-over that it took."""
    async with MODULES[name].open_stand_in(folder) as service, opened(name, service.settings, folder) as channel:
        (receipt,) = await channel.send([sample_dispatch(1, _takes(channel))])
        assert isinstance(receipt, Receipt)
        assert isinstance(channel, LooksUp)
        yield service, channel, receipt.reference


def _takes(channel: Channel) -> frozenset[Any]:
    return channel.takes


async def told(name: str, folder: Path) -> list[Signal]:
    """What is known of a hand-over; nothing is of another."""
    async with handed_over(name, folder) as (_, channel, reference):
        known, unknown = await channel.look_up([reference, "nobody/knows?it"])
    assert list(unknown if not isinstance(unknown, Exception) else [unknown]) == []
    assert not isinstance(known, Exception), known
    return list(known)


@pytest.mark.parametrize(
    "name, kinds",
    [
        ("twilio", [Type.DELIVERED]),
        ("mailgun", [Type.ACCEPTED, Type.BOUNCED]),
        ("postmark", [Type.DELIVERED, Type.BOUNCED]),
        ("infobip", [Type.SENT]),
        ("lob", [Type.ACCEPTED, Type.IN_TRANSIT, Type.DEFERRED]),
    ],
)
async def test_what_became_of_it_is_told_and_of_a_stranger_nothing(
    tmp_path: Path, name: str, kinds: list[Type]
) -> None:
    signals = await told(name, tmp_path)

    assert [signal.type for signal in signals] == kinds
    assert {signal.reason for signal in signals if signal.type is Type.BOUNCED} <= {DeliveryReason.ADDRESS}


async def test_a_message_that_was_not_delivered_says_why_and_is_the_event_that_is_reported(tmp_path: Path) -> None:
    async with handed_over("twilio", tmp_path) as (service, channel, reference):
        service.outcome = ("undelivered", 30005)
        (found,) = await channel.look_up([reference])
    assert not isinstance(found, Exception)
    (signal,) = found
    body = f"MessageSid={reference}&MessageStatus=undelivered&ErrorCode=30005&To=%2B4915550000001".encode()
    (reported,) = TWILIO.read(FeedbackRequest(headers={"content-type": "application/x-www-form-urlencoded"}, body=body))

    assert (signal.type, signal.reason, signal.final) == (Type.BOUNCED, DeliveryReason.ADDRESS, True)
    assert signal == reported


async def test_a_bounce_of_postmark_is_the_event_that_is_reported(tmp_path: Path) -> None:
    body = json.dumps({**postmark.BOUNCE, "RecordType": "Bounce"}).encode()

    assert (await told("postmark", tmp_path))[-1:] == list(POSTMARK.read(FeedbackRequest(headers={}, body=body)))


async def test_a_letter_that_could_not_be_made_failed_and_one_that_is_being_made_is_no_news(tmp_path: Path) -> None:
    async with handed_over("lob", tmp_path) as (service, channel, reference):
        found: list[object] = []
        for standing in ({"status": "failed"}, {"status": "processed"}, {"status": "rendered", "deleted": True}):
            service.standing = standing
            (told,) = await channel.look_up([reference])
            assert not isinstance(told, Exception)
            found += [[(signal.type, signal.final) for signal in told]]

    assert found == [[(Type.FAILED, True)], [], [(Type.CANCELLED, True)]]


async def test_a_service_that_is_down_or_refuses_us_is_told_by_its_error(tmp_path: Path) -> None:
    async with handed_over("twilio", tmp_path) as (service, channel, reference):
        service.is_down = True
        (down,) = await channel.look_up([reference])
        service.token = "another"
        (refused,) = await channel.look_up([reference])

    assert (type(down), type(refused)) == (TransientError, MisconfiguredError)
