"""Text messages leave, come back, and are stopped: from the event over the table and the composer to the provider."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.connectors.smpp import stand_in as smpp
from tests.connectors.smpp.stand_in import MessageCentre
from tests.connectors.twilio import stand_in as twilio
from tests.office import AS_TEXT_MESSAGE, Changes, Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.connectors.twilio.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest
from xconnector.domain.communication import State
from xconnector.domain.consent import ConsentAction
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionReason
from xconnector.pipeline.provider_reports import Keeping, ReportRequest, take_requests
from xconnector.pipeline.track import keep_news
from xconnector.postgres.connect import reading
from xconnector.store import consents, suppressions
from xconnector.store.report_requests import RawRequest

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOBILE = "+4915550000001"
ROUTING = {"| email, print      |": "| sms, print        |", "when has email": "when has mobile"}


def by_text_message(connector: str, settings: Mapping[str, object]) -> Changes:
    connection = {"connector": connector, **settings, "limits": {"attempts": 3}}
    return {
        # What is JSON is YAML.
        "xconnector.yaml": [("  print:\n", f"  sms: {json.dumps(connection)}\n  print:\n")],
        "tables/routing.md": [*ROUTING.items()],
        **AS_TEXT_MESSAGE,
    }


async def test_a_communication_leaves_as_text_message(office: OpenOffice) -> None:
    async with twilio.open_stand_in(Path()) as service:
        service.price = "-0.0075"
        changes = by_text_message("twilio", {**service.settings, "status_callback": None})
        async with office(changes) as opened:
            await opened.send(notice("1", mobile=MOBILE))
            account = await opened.work()
            (handover,) = (await opened.explain("1")).handovers

    assert account.states == {State.COMPLETED: 1}
    assert (handover.segments, handover.price, handover.currency) == (1, Decimal("0.0075"), "USD")
    (message,) = service.taken
    assert (message["To"], message["From"]) == (MOBILE, "+15005550006")
    assert message["Body"] == "Meyer 1: 12,50 €"


async def test_a_number_that_does_not_exist_is_suppressed_and_a_letter_goes(office: OpenOffice) -> None:
    async with twilio.open_stand_in(Path()) as service:
        service.refusals[MOBILE] = (400, 21610)
        service.refusals["+4915550000002"] = (400, 21614)
        changes = by_text_message("twilio", {**service.settings, "status_callback": None})
        async with office(changes) as opened:
            mobiles = {"1": MOBILE, "2": "+4915550000002", "3": "+49"}
            await opened.send(*(notice(key, mobile=mobile) for key, mobile in mobiles.items()))
            account = await opened.work()
            printed = len(opened.printed())
            async with reading(opened.place.pool) as connection:
                listed = await suppressions.of_customers(connection, ["K-1", "K-2", "K-3"])

    assert account.states == {State.COMPLETED: 3}
    assert (printed, service.taken) == (3, [])
    assert {key: [entry.reason for entry in entries] for key, entries in listed.items()} == {
        "K-1": [SuppressionReason.OPTED_OUT],
        "K-2": [SuppressionReason.ADDRESS],
        "K-3": [SuppressionReason.ADDRESS],
    }


@asynccontextmanager
async def texting(office: OpenOffice) -> AsyncGenerator[tuple[MessageCentre, Office]]:
    async with (
        smpp.open_stand_in(Path()) as centre,
        office(by_text_message("smpp", {**centre.settings, "timeout": "5s"})) as opened,
    ):
        yield centre, opened


async def test_a_receipt_completes_and_an_undelivered_text_becomes_a_letter(office: OpenOffice) -> None:
    async with texting(office) as (centre, opened):
        await opened.send(notice("1", mobile=MOBILE), notice("2", mobile="+4915550000002"))

        async def both_left() -> bool:
            return [await opened.state_of(key) for key in ("1", "2")] == [State.DISPATCHED] * 2

        async with opened.at_work():
            await opened.until(both_left)
            for number, message in enumerate(centre.submitted, start=1):
                stat = "DELIVRD" if message.destination_addr == MOBILE[1:] else "UNDELIV"
                told = f"id:{centre.id_of(number)} stat:{stat} err:000 done date:2611231200".encode()
                await centre.deliver(told, source=message.destination_addr, esm_class=0x04)
            await opened.until(opened.is_through)
        account = await opened.account()
        printed = len(opened.printed())

    assert account.states == {State.COMPLETED: 2}
    assert printed == 1


async def test_a_stop_counts_before_the_next_text_and_a_start_takes_it_back(office: OpenOffice) -> None:
    async with texting(office) as (centre, opened):
        await opened.send(notice("1", mobile=MOBILE), notice("2", mobile=MOBILE, customer="K-2"))

        async def left(*keys: str) -> bool:
            return all([await opened.state_of(key) is State.DISPATCHED for key in keys])

        async with opened.at_work():
            await opened.until(lambda: left("1", "2"))
            assert await centre.deliver("Arrêt".encode("latin-1"), source=MOBILE[1:], data_coding=3) == 0

            async def is_heard() -> bool:
                async with reading(opened.place.pool) as connection:
                    return len(await consents.of_customers(connection, ["K-1", "K-2"])) == 2

            await opened.until(is_heard)
            await centre.deliver(b"START", source=MOBILE[1:])

            async def is_back() -> bool:
                async with reading(opened.place.pool) as connection:
                    said = await consents.of_customers(connection, ["K-1"])
                return [word.action for word in said["K-1"]] == [ConsentAction.WITHDRAW, ConsentAction.GRANT]

            await opened.until(is_back)
            texts = len(centre.submitted)

    assert texts == 2


async def test_a_start_to_one_sender_takes_back_no_stop_to_another(office: OpenOffice) -> None:
    async with texting(office) as (_, opened):
        await opened.send(notice("1", mobile=MOBILE))

        async def left() -> bool:
            return await opened.state_of("1") is State.DISPATCHED

        async with opened.at_work():
            await opened.until(left)
        await keep_news(opened.place, "sms", [Signal(type=Type.UNSUBSCRIBED, recipient=MOBILE, event_id="a")])
        await keep_news(opened.place, "other", [Signal(type=Type.RESUBSCRIBED, recipient=MOBILE, event_id="b")])
        await keep_news(opened.place, "sms", [Signal(type=Type.UNSUBSCRIBED, recipient="+491", event_id="c")])
        async with reading(opened.place.pool) as connection:
            said = await consents.of_customers(connection, ["K-1"])

    assert [(word.action, word.medium, word.source) for word in said["K-1"]] == [
        (ConsentAction.WITHDRAW, Medium.SMS, "sms")
    ]


async def test_a_stop_by_webhook_counts_for_everybody_who_was_written_to_at_the_number(office: OpenOffice) -> None:
    body = urlencode({"MessageSid": "SM1", "SmsStatus": "received", "From": MOBILE, "Body": "Stop!"}).encode()
    stop = FORMAT.read(FeedbackRequest(headers={"content-type": "application/x-www-form-urlencoded"}, body=body))
    request = ReportRequest(raw=RawRequest(connection="sms", body=body), reports_on="sms", signals=stop)
    async with twilio.open_stand_in(Path()) as service, office(by_text_message("twilio", service.settings)) as opened:
        await opened.send(notice("1", mobile=MOBILE), notice("2", mobile=MOBILE), notice("3", mobile="+4915550000002"))

        async def all_left() -> bool:
            return all([await opened.state_of(key) is State.DISPATCHED for key in ("1", "2", "3")])

        async with opened.at_work():
            await opened.until(all_left)
        kept = [await take_requests(opened.place, [request]) for _ in range(2)]
        async with reading(opened.place.pool) as connection:
            said = await consents.of_customers(connection, ["K-1", "K-2", "K-3"])

    assert kept == [[Keeping.KEPT], [Keeping.KNOWN]]
    assert {key: [word.action for word in words] for key, words in said.items()} == {
        "K-1": [ConsentAction.WITHDRAW],
        "K-2": [ConsentAction.WITHDRAW],
    }
