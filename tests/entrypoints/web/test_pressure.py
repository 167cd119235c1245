"""Too much at once: senders are asked to come again, and what was not answered was not taken."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.entrypoints.web.site import Site, open_site
from tests.entrypoints.web.test_events import event, rows
from tests.entrypoints.web.test_events import send as send_event
from tests.entrypoints.web.test_hooks import CONNECTIONS, FEEDS
from tests.entrypoints.web.test_hooks import send as send_hook
from xconnector.entrypoints.web.limits import WebLimits


@asynccontextmanager
async def bounded(folder: Path, database: str, limits: WebLimits) -> AsyncGenerator[Site]:
    async with open_site(folder, database, limits=limits, connections=CONNECTIONS, feeds=FEEDS) as site:
        yield site


async def test_while_too_much_waits_nothing_is_taken(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xconnector.entrypoints.web.pressure._LOOK_SECONDS", 0.0)
    async with bounded(tmp_path, database, WebLimits(waiting_jobs=2)) as site:
        taken = [(await send_event(site, event(str(number)))).status_code for number in range(3)]
        refused = [await send_event(site, event("4")), await send_hook(site, b'{"number": "5"}')]
        assert taken == [202, 202, 202]
        assert [answer.status_code for answer in refused] == [429, 429]
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
        assert await rows(site, b"SELECT count(*) FROM inbox") == [(3,)]
        await rows(site, b"UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id <> 1 RETURNING id")
        assert (await send_event(site, event("4"))).status_code == 202


async def test_only_so_many_requests_are_under_way(tmp_path: Path, database: str) -> None:
    async with bounded(tmp_path, database, WebLimits(intake_at_once=2)) as site:
        answers = await asyncio.gather(*(send_event(site, event(str(number))) for number in range(20)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {202, 429}
        assert await rows(site, b"SELECT count(*) FROM inbox") == [(statuses.count(202),)]


async def test_a_sender_whose_rate_is_used_up_is_no_harm_to_others(tmp_path: Path, database: str) -> None:
    async with bounded(tmp_path, database, WebLimits(requests_per_second=0.001)) as site:
        own = [(await send_event(site, event(str(number)))).status_code for number in range(3)]
        assert own == [202, 429, 429]
        assert (await send_hook(site, b'{"number": "5"}')).status_code == 200
        assert (await send_hook(site, b'{"number": "6"}', message_id="msg_6")).status_code == 429


async def test_whoever_is_not_proven_uses_up_nobodys_rate(tmp_path: Path, database: str) -> None:
    async with bounded(tmp_path, database, WebLimits(requests_per_second=0.001)) as site:
        for _ in range(3):
            assert (await send_hook(site, b"{}", signed=b"other")).status_code == 401
        assert (await send_hook(site, b'{"number": "5"}')).status_code == 200


async def test_whoever_is_not_proven_takes_no_place_and_no_room_of_others(tmp_path: Path, database: str) -> None:
    async with bounded(tmp_path, database, WebLimits(intake_at_once=0, unproven_at_once=1, bodies_at_once=0)) as site:
        assert (await send_hook(site, b"{}", signed=b"other")).status_code == 401
        assert (await send_hook(site, b'{"number": "5"}')).status_code == 429
