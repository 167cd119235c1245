"""Communications as signed requests to somebody else's program."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from tests.connectors.webhook_channel.stand_in import SECRET, ReceiverStandIn, open_stand_in, told
from xconnector.connectors.webhook_channel import MANIFEST
from xconnector.connectors.webhook_channel.answer import meant
from xconnector.connectors.webhook_channel.channel import WebhookChannel
from xconnector.connectors.webhook_channel.settings import WebhookChannelSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.domain.routing.plan import Medium
from xconnector.testing.dispatches import sample_dispatch

DISPATCH = sample_dispatch(1)
PUBLIC: dict[str, Any] = {
    "url": "https://gateway.example/in",
    "medium": "sms",
    "link": "https://documents.example/{communication}/{rendition}?sha256={sha256}",
    "secrets": [SECRET],
}


@pytest_asyncio.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[ReceiverStandIn]:
    async with open_stand_in(tmp_path) as stand_in:
        yield stand_in


def channel(receiver: ReceiverStandIn, **changed: object) -> WebhookChannel:
    settings = WebhookChannelSettings.model_validate({**receiver.settings, **changed})
    return WebhookChannel(settings, Surroundings(project_folder=Path(), state_folder=Path()))


async def sent(opened: WebhookChannel, *dispatches: Dispatch) -> Sequence[Receipt | ConnectorError]:
    async with opened:
        return await opened.send(dispatches)


async def test_every_attempt_has_the_same_id_and_bytes_and_a_time_of_its_own(receiver: ReceiverStandIn) -> None:
    now = datetime.now(UTC)
    for later in (0, 7):
        settings = WebhookChannelSettings.model_validate(receiver.settings)
        surroundings = Surroundings(project_folder=Path(), state_folder=Path())
        moment = now + timedelta(seconds=later)
        await sent(WebhookChannel(settings, surroundings, now=lambda moment=moment: moment), DISPATCH)

    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == DISPATCH.dispatch_key
    times = [int(request.headers["webhook-timestamp"]) for request in (first, second)]
    assert times[1] - times[0] == 7


async def test_documents_can_be_links(receiver: ReceiverStandIn) -> None:
    changed = {"documents": "link", "link": PUBLIC["link"], "takes": ["letter"]}

    await sent(channel(receiver, **changed), DISPATCH)

    (document,) = told(receiver.requests[0])["data"]["documents"]
    sha256 = DISPATCH.renditions[RenditionKind.LETTER].sha256
    assert document["link"] == f"https://documents.example/{DISPATCH.communication_id}/letter?sha256={sha256}"
    assert document["sha256"] == sha256


async def test_documents_can_be_parts(receiver: ReceiverStandIn) -> None:
    # The library proves JSON only: what is signed is seen by the stand-in where it takes JSON.
    receiver.answers_with = HTTPStatus.OK
    large = Rendition.of(RenditionKind.LETTER, b"%PDF" + bytes(range(256)) * 1000, pages=1)
    dispatch = replace(DISPATCH, renditions={**DISPATCH.renditions, RenditionKind.LETTER: large})

    await sent(channel(receiver, documents="multipart"), dispatch)

    (request,) = receiver.requests
    mail = message_from_bytes(b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body)
    parts = {part.get_param("name", header="content-disposition"): part for part in mail.get_payload()}  # type: ignore[union-attr]
    assert parts["letter"].get_payload(decode=True) == large.content  # type: ignore[union-attr]
    told = json.loads(parts["payload"].get_payload(decode=True))  # type: ignore[union-attr,arg-type]
    assert [document["part"] for document in told["data"]["documents"]] == ["letter", "sms"]


async def test_what_is_too_large_for_json_is_refused_and_not_sent(receiver: ReceiverStandIn) -> None:
    large = Rendition.of(RenditionKind.LETTER, bytes(20_000), pages=1)
    dispatch = replace(DISPATCH, renditions={**DISPATCH.renditions, RenditionKind.LETTER: large})

    (result,) = await sent(channel(receiver), dispatch)

    assert isinstance(result, PermanentError)
    assert receiver.requests == []


async def test_what_was_not_composed_is_refused(receiver: ReceiverStandIn) -> None:
    (result,) = await sent(channel(receiver), sample_dispatch(1, frozenset({RenditionKind.SMS})))

    assert isinstance(result, PermanentError)


async def test_an_endpoint_that_is_gone_gets_no_more(receiver: ReceiverStandIn) -> None:
    receiver.answers_with = HTTPStatus.GONE

    results = await sent(channel(receiver), DISPATCH, sample_dispatch(2), sample_dispatch(3))

    assert [type(result) for result in results] == [MisconfiguredError] * 3
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT])
async def test_the_wait_that_is_asked_for_is_told(receiver: ReceiverStandIn, status: HTTPStatus) -> None:
    receiver.answers_with, receiver.headers = status, {"Retry-After": "120"}

    (result,) = await sent(channel(receiver, knows_again=True), DISPATCH)

    assert isinstance(result, TransientError)
    assert result.retry_after == timedelta(seconds=120)


async def test_a_redirect_is_a_failure_and_is_not_followed(receiver: ReceiverStandIn) -> None:
    receiver.answers_with = HTTPStatus.TEMPORARY_REDIRECT
    receiver.headers = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}

    (result,) = await sent(channel(receiver), DISPATCH)

    assert isinstance(result, MisconfiguredError)
    assert len(receiver.requests) == 1


async def test_a_lost_answer_is_unknown_where_the_receiver_knows_nothing_again(receiver: ReceiverStandIn) -> None:
    await receiver.lose_answers()

    (result,) = await sent(channel(receiver, knows_again=False), DISPATCH)

    assert isinstance(result, OutcomeUnknownError)


async def test_a_name_that_leads_into_our_network_is_not_called() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("gateway.example", 443)
        return ["8.8.8.8", "10.0.0.7"]

    settings = WebhookChannelSettings.model_validate(PUBLIC)
    surroundings = Surroundings(project_folder=Path(), state_folder=Path())
    async with WebhookChannel(settings, surroundings, resolve=resolve) as opened:
        (result,) = await opened.send([DISPATCH])

        assert isinstance(result, MisconfiguredError)
        with pytest.raises(MisconfiguredError):
            await opened.check()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://gateway.example/in"},
        {"url": "https://127.0.0.1/in"},
        {"url": "https://gateway.example:8443/in"},
        {"link": None},
        {"documents": "body"},
        {"link": "https://documents.example/{customer}"},
        {"secrets": []},
        {"secrets": [SECRET, SECRET, SECRET]},
        {"takes": []},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        WebhookChannelSettings.model_validate({**PUBLIC, **wrong})


def test_its_settings_say_by_which_way_it_reaches_people() -> None:
    assert MANIFEST.medium_of(WebhookChannelSettings.model_validate(PUBLIC)) is Medium.SMS


def test_every_status_means_one_of_the_errors() -> None:
    for status in range(100, 600):
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            known = meant(status, {}, knows_again=True)
            assert isinstance(known, MisconfiguredError | PermanentError | TransientError)
            # What may have been taken is not sent again where nobody would notice that it was there before.
            is_broken = not 200 <= status < 500 and status != HTTPStatus.SERVICE_UNAVAILABLE
            assert isinstance(meant(status, {}, knows_again=False), OutcomeUnknownError) is is_broken
