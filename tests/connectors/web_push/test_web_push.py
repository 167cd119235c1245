"""Messages in browsers: readable there alone, and gone browsers are known."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import http_ece  # pyright: ignore[reportMissingTypeStubs] - it has none
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.web_push.stand_in import Browser, WebPushStandIn, open_stand_in
from xconnector.connectors.web_push.channel import WebPushChannel
from xconnector.connectors.web_push.sealed import sealed, topic_of
from xconnector.connectors.web_push.settings import WebPushSettings
from xconnector.connectors.web_push.subscription import Subscription, subscription_of
from xconnector.contract.channel import Receipt
from xconnector.contract.device import NoDeviceError
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.outbound_allowance import OutboundAllowance
from xconnector.domain.document import RenditionKind
from xconnector.domain.strict_json import Json
from xconnector.testing.dispatches import sample_dispatch

PUSH = frozenset({RenditionKind.PUSH})
DISPATCH = sample_dispatch(1, PUSH)
# RFC 8291, section 5 and appendix A.
WATERMELON = b"When I grow up, I want to be a watermelon"
UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
_decrypt = cast("Callable[..., bytes]", http_ece.decrypt)  # pyright: ignore[reportUnknownMemberType] - it has no types


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(text), "big"), ec.SECP256R1())


@pytest_asyncio.fixture
async def services(tmp_path: Path) -> AsyncIterator[WebPushStandIn]:
    async with open_stand_in(tmp_path) as stand_in:
        yield stand_in


async def pushed(services: WebPushStandIn, *browsers: Browser) -> Receipt | ConnectorError:
    settings = WebPushSettings.model_validate(services.settings)
    dispatch = replace(DISPATCH, devices=tuple(services.device(browser) for browser in browsers))
    async with WebPushChannel(settings, Surroundings(project_folder=Path(), state_folder=Path())) as channel:
        (result,) = await channel.send([dispatch])
        return result


def test_the_example_of_rfc_8291_is_met_to_the_byte() -> None:
    subscription = Subscription(endpoint="https://x.test", public_key=decoded(UA_PUBLIC), auth=decoded(AUTH))

    body = sealed(WATERMELON, subscription, salt=decoded(BODY)[:16], key=private(AS_PRIVATE))

    assert body == decoded(BODY)
    assert _decrypt(body, private_key=private(UA_PRIVATE), auth_secret=decoded(AUTH), version="aes128gcm") == WATERMELON


@given(st.binary(min_size=1, max_size=2600))
def test_what_is_sealed_fits_every_push_service_and_is_never_the_same(content: bytes) -> None:
    subscription = Subscription(endpoint="https://x.test", public_key=decoded(UA_PUBLIC), auth=decoded(AUTH))

    one, other = sealed(content, subscription), sealed(content, subscription)

    assert one != other
    assert len(one) <= 4096


def test_a_topic_is_the_dispatchs_own_and_fits() -> None:
    assert topic_of("a-0") == topic_of("a-0") != topic_of("a-1")
    assert len(topic_of("a" * 100)) == 32


async def test_each_browser_is_shown_the_message(services: WebPushStandIn) -> None:
    browsers = [services.browser(name, "K-1") for name in ("phone", "laptop")]

    result = await pushed(services, *browsers)

    assert isinstance(result, Receipt)
    assert [[shown["title"] for shown in browser.shown] for browser in browsers] == [["Police 1"], ["Police 1"]]
    assert services.requests[0].headers["ttl"] == "86400"
    assert services.requests[0].headers["urgency"] == "normal"


@pytest.mark.parametrize("status", [HTTPStatus.NOT_FOUND, HTTPStatus.GONE])
async def test_a_browser_that_is_gone_is_named_while_another_takes_it(
    services: WebPushStandIn, status: HTTPStatus
) -> None:
    gone, there = services.browser("gone", "K-1"), services.browser("there", "K-1")
    gone.answer = status

    result = await pushed(services, gone, there)

    assert isinstance(result, Receipt)
    assert [one.device_id for one in result.gone_devices] == [services.device(gone).device_id]


async def test_where_all_are_gone_the_next_channel_is_due(services: WebPushStandIn) -> None:
    gone = services.browser("gone", "K-1")
    gone.answer = HTTPStatus.GONE

    result = await pushed(services, gone)

    assert isinstance(result, NoDeviceError)
    assert [one.reason for one in result.gone] == ["410"]


async def test_without_a_device_the_next_channel_is_due(services: WebPushStandIn) -> None:
    assert isinstance(await pushed(services), NoDeviceError)


async def test_the_wait_that_is_asked_for_is_told(services: WebPushStandIn) -> None:
    busy = services.browser("busy", "K-1")
    busy.answer, services.headers = HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "90"}

    result = await pushed(services, busy)

    assert isinstance(result, TransientError)
    assert result.retry_after is not None
    assert result.retry_after.total_seconds() == 90


@pytest.mark.parametrize("endpoint", ["https://10.0.0.1/x", "https://127.0.0.1/x", "http://push.test/", "", 7, None])
def test_an_endpoint_that_leads_into_our_network_is_not_registered(endpoint: Json) -> None:
    told: Mapping[str, Any] = {"endpoint": endpoint, "keys": {"p256dh": UA_PUBLIC, "auth": AUTH}}

    with pytest.raises(PermanentError):
        subscription_of(dict(told), OutboundAllowance())


@pytest.mark.parametrize(
    "keys", [{}, {"p256dh": UA_PUBLIC}, {"p256dh": "AAAA", "auth": AUTH}, {"p256dh": UA_PUBLIC, "auth": "AA"}, None]
)
def test_a_subscription_without_good_keys_is_refused(keys: Json) -> None:
    with pytest.raises(PermanentError):
        subscription_of({"endpoint": "https://push.test/x", "keys": keys}, OutboundAllowance())


def test_the_same_subscription_has_one_spelling() -> None:
    keys: Json = {"auth": AUTH + "==", "p256dh": UA_PUBLIC}
    one = subscription_of(
        {"keys": keys, "endpoint": "https://push.test/x", "expirationTime": None}, OutboundAllowance()
    )

    again = subscription_of(json.loads(one.spelled()), OutboundAllowance())

    assert again == one


async def test_a_device_that_cannot_be_called_takes_nothing_from_its_neighbours(services: WebPushStandIn) -> None:
    settings = WebPushSettings.model_validate({**services.settings})
    there = services.device(services.browser("there", "K-1"))
    spelled = json.loads(there.address)
    wrong = replace(there, address=json.dumps({**spelled, "endpoint": "https://xn--/x"}))
    dispatches = [replace(DISPATCH, devices=(wrong,)), replace(sample_dispatch(2, PUSH), devices=(there,))]
    async with WebPushChannel(settings, Surroundings(project_folder=Path(), state_folder=Path())) as channel:
        refused, taken = await channel.send(dispatches)

    assert isinstance(refused, PermanentError)
    assert isinstance(taken, Receipt)


@pytest.mark.parametrize(
    "status, meant", [(HTTPStatus.FORBIDDEN, PermanentError), (HTTPStatus.UNAUTHORIZED, MisconfiguredError)]
)
async def test_a_subscription_of_another_key_is_that_devices_trouble_and_a_proof_ours(
    services: WebPushStandIn, status: HTTPStatus, meant: type[ConnectorError]
) -> None:
    browser = services.browser("other", "K-1")
    browser.answer = status

    assert isinstance(await pushed(services, browser), meant)
