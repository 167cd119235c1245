"""What services for text messages say at the hand-over, and what we make of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.infobip import stand_in as infobip
from tests.connectors.twilio import stand_in as twilio
from tests.connectors.vonage import stand_in as vonage
from xconnector.contract.channel import CanAsk, Channel, Receipt
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import manifest
from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.dispatches import sample_dispatch

KINDS = frozenset({RenditionKind.SMS})
SPECIFICATION = Path(__file__).parents[3] / "shared" / "vectors" / "openapi_specs" / "twilio_api_v2010.json"
NUMBER = "4915550000001"


def opened(name: str, settings: Any, folder: Path) -> Channel:  # noqa: ANN401
    declared = manifest(name)
    assert declared.channel is not None
    surroundings = Surroundings(project_folder=folder, state_folder=folder)
    return declared.channel(declared.settings.model_validate(dict(settings)), surroundings)


async def said(name: str, prepare: Callable[[Any], None], folder: Path) -> object:
    """What a channel makes of what a service answers to a text for NUMBER."""
    module = {"twilio": twilio, "vonage": vonage, "infobip": infobip}[name]
    async with module.open_stand_in(folder) as service:
        prepare(service)
        async with opened(name, service.settings, folder) as channel:
            (result,) = await channel.send([sample_dispatch(1, KINDS)])
    return result


@pytest.mark.parametrize(
    "status, code, error, reason",
    [
        (400, 21610, PermanentError, DeliveryReason.UNSUBSCRIBED),
        (400, 21211, PermanentError, DeliveryReason.ADDRESS),
        (400, 21606, MisconfiguredError, None),
        (429, 20429, TransientError, None),
        (400, 12345, PermanentError, None),
        (500, 0, OutcomeUnknownError, None),
        (503, 0, TransientError, None),
    ],
)
async def test_codes_of_twilio(
    tmp_path: Path, status: int, code: int, error: type[Exception], reason: DeliveryReason | None
) -> None:
    result = await said("twilio", lambda service: service.refusals.update({f"+{NUMBER}": (status, code)}), tmp_path)

    assert (type(result), getattr(result, "reason", None)) == (error, reason)


@pytest.mark.parametrize(
    "status, code, error, reason",
    [
        (422, 1170, PermanentError, DeliveryReason.ADDRESS),
        (422, 1050, PermanentError, DeliveryReason.UNSUBSCRIBED),
        (422, 1120, MisconfiguredError, None),
        (402, 1070, MisconfiguredError, None),
        (429, 1000, TransientError, None),
        (500, 1030, OutcomeUnknownError, None),
    ],
)
async def test_codes_of_vonage(
    tmp_path: Path, status: int, code: int, error: type[Exception], reason: DeliveryReason | None
) -> None:
    result = await said("vonage", lambda service: service.refusals.update({NUMBER: (status, code)}), tmp_path)

    assert (type(result), getattr(result, "reason", None)) == (error, reason)


@pytest.mark.parametrize(
    "name, error, reason",
    [
        ("REJECTED_DESTINATION_NOT_REGISTERED", PermanentError, DeliveryReason.ADDRESS),
        ("EC_DEST_ADDRESS_BLACKLISTED", PermanentError, DeliveryReason.UNSUBSCRIBED),
        ("REJECTED_NOT_ENOUGH_CREDITS", MisconfiguredError, None),
        ("REJECTED_FLOODING_FILTER", TransientError, None),
        ("REJECTED_SOMETHING_NEW", PermanentError, None),
    ],
)
async def test_statuses_of_infobip(
    tmp_path: Path, name: str, error: type[Exception], reason: DeliveryReason | None
) -> None:
    result = await said("infobip", lambda service: service.refusals.update({NUMBER: name}), tmp_path)

    assert (type(result), getattr(result, "reason", None)) == (error, reason)


async def test_infobips_log_settles_what_arrived_and_leaves_the_rest_unknown(tmp_path: Path) -> None:
    dispatch = sample_dispatch(1, KINDS)
    async with infobip.open_stand_in(tmp_path) as service, opened("infobip", service.settings, tmp_path) as channel:
        await service.lose_answers()
        (lost,) = await channel.send([dispatch])
        assert isinstance(channel, CanAsk)
        asked = await channel.ask([dispatch.dispatch_key, "never-sent"])

    assert isinstance(lost, OutcomeUnknownError)
    assert isinstance(asked[dispatch.dispatch_key], Receipt)
    assert isinstance(asked["never-sent"], OutcomeUnknownError)


@pytest.mark.parametrize("name", ["twilio", "infobip"])
async def test_a_service_that_counts_segments_has_them_in_its_receipt(tmp_path: Path, name: str) -> None:
    module = {"twilio": twilio, "infobip": infobip}[name]
    long = Rendition.of(RenditionKind.SMS, b"A" * 200)
    async with module.open_stand_in(tmp_path) as service, opened(name, service.settings, tmp_path) as channel:
        (receipt,) = await channel.send([replace(sample_dispatch(1, KINDS), renditions={RenditionKind.SMS: long})])

    assert isinstance(receipt, Receipt)
    assert (receipt.segments, receipt.awaits_report) == (2, True)


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="needs ../shared/vectors/openapi_specs")
async def test_what_we_ask_of_twilio_is_in_its_published_description(tmp_path: Path) -> None:
    path = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
    published = json.loads(SPECIFICATION.read_text())["paths"][path]["post"]["requestBody"]["content"]
    fields = published["application/x-www-form-urlencoded"]["schema"]
    async with twilio.open_stand_in(tmp_path) as service:
        async with opened("twilio", service.settings, tmp_path) as channel:
            await channel.send([sample_dispatch(1, KINDS)])
        (request,) = service.requests

    assert request.path == path.replace("{AccountSid}", twilio.ACCOUNT)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.form.keys() <= fields["properties"].keys()
    assert {*fields.get("required", [])} <= request.form.keys()
