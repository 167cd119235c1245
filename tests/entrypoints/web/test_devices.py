"""The back end of an app registers the devices of its customers."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.entrypoints.web.site import Site, open_site
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.operations.devices import devices_of
from xconnector.postgres.connect import transaction

BROWSER = """  browser:
    connector: web_push
    vapid_key: yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw
    contact: mailto:push@small.test
"""
PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
CUSTOMER = "K/1 ü"


def subscription(endpoint: str = "https://push.example/1") -> dict[str, Any]:
    return {"endpoint": endpoint, "keys": {"p256dh": PUBLIC, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}}


BAD: tuple[object, ...] = (
    {"address": subscription("https://10.0.0.1/")}, {"address": 7}, {}, [], {"address": "a", "x": 1},
)  # fmt: skip


async def put(site: Site, body: object, *, over: str = "browser", customer: str = CUSTOMER) -> httpx.Response:
    path = f"/customers/{quote(customer, safe='')}/devices/{over}"
    return await site.client.put(path, json=body, headers=site.bearing(Purpose.DEVICES))


async def test_devices_are_registered_moved_and_taken_out(tmp_path: Path, database: str) -> None:
    async with open_site(tmp_path, database, connections=BROWSER) as site:
        first = await put(site, {"address": subscription(), "app": "retail"})
        again = await put(site, {"address": subscription(), "app": "retail"})
        assert (first.status_code, again.json()) == (200, first.json())
        (known,) = await devices_of(site.place.pool, CUSTOMER)
        assert (known.app, known.gone_at) == ("retail", None)

        moved = await put(site, {"address": subscription()}, customer="K-2")
        assert moved.json() == first.json()
        assert await devices_of(site.place.pool, CUSTOMER) == []

        gone = f"/customers/K-2/devices/browser/{known.device_id}"
        for _ in range(2):
            assert (await site.client.delete(gone, headers=site.bearing(Purpose.DEVICES))).status_code == 204
        (known,) = await devices_of(site.place.pool, "K-2")
        assert known.gone_reason == "taken out"


async def test_what_cannot_be_registered_is_refused_without_showing_it(site: Site) -> None:
    refused = [await put(site, body) for body in BAD]
    assert {answer.status_code for answer in refused} == {422}
    assert not [answer for answer in refused if "10.0.0.1" in answer.text]


async def test_a_key_that_holds_nul_is_refused_whatever_is_asked(site: Site) -> None:
    path = f"/customers/K%00/devices/browser/{uuid4()}"
    answer = await site.client.delete(path, headers=site.bearing(Purpose.DEVICES))

    assert (answer.status_code, (await put(site, {"address": "a"}, customer="K\0")).status_code) == (422, 422)


async def test_a_database_that_does_not_answer_is_waited_for_no_longer_than_the_limits_say(
    tmp_path: Path, database: str
) -> None:
    limits = WebLimits(database_patience=timedelta(seconds=0.3))
    async with open_site(tmp_path, database, connections=BROWSER, limits=limits) as site:
        registered = await put(site, {"address": subscription()})
        path = f"/customers/{quote(CUSTOMER, safe='')}/devices/browser/{registered.json()['device_id']}"
        async with transaction(site.place.pool) as connection:
            await connection.execute("LOCK TABLE device")
            waited = await put(site, {"address": subscription()})
            gone = await site.client.delete(path, headers=site.bearing(Purpose.DEVICES))

    assert (registered.status_code, waited.status_code, gone.status_code) == (200, 503, 503)


@pytest.mark.parametrize("purpose", [None, Purpose.EVENTS])
async def test_only_a_key_for_devices_opens_it(site: Site, purpose: Purpose | None) -> None:
    headers = site.bearing(purpose) if purpose else {}

    answer = await site.client.put("/customers/K-1/devices/browser", json={"address": "a"}, headers=headers)

    assert answer.status_code == 401
