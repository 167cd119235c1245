"""Webhooks over the wire: who is not proven leaves nothing, who is proven is answered once it is durable."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.connectors.webhook.requests import SECRET, standard_headers
from tests.entrypoints.web.site import Site, cut_off, open_site
from tests.entrypoints.web.test_events import rows

CONNECTIONS = f"""
  crm:
    connector: webhook
    proof: {{standard_webhooks: {{secrets: ["{SECRET}"]}}}}
    largest: 2048
  typed:
    connector: webhook
    proof: {{standard_webhooks: {{secrets: ["{SECRET}"]}}}}
    key: [id]
    type: type
    set_aside: refused
  events: {{connector: webhook, shape: cloudevents, proof: {{standard_webhooks: {{secrets: ["{SECRET}"]}}}}}}
""".lstrip("\n")
FEEDS = """
  crm: {connection: crm, event: com.small.notice, mapping: notice}
  typed: {connection: typed, event: com.small.typed, mapping: notice}
""".lstrip("\n")


@pytest.fixture
async def site(tmp_path: Path, database: str) -> AsyncGenerator[Site]:
    async with open_site(tmp_path, database, connections=CONNECTIONS, feeds=FEEDS) as running:
        yield running


async def send(
    site: Site,
    body: bytes,
    *,
    to: str = "crm",
    message_id: str = "msg_1",
    signed: bytes | None = None,
    content_type: str = "application/json",
) -> httpx.Response:
    told = standard_headers(body if signed is None else signed, message_id=message_id, at=datetime.now(UTC))
    return await site.client.post(f"/hooks/{to}", content=body, headers={"content-type": content_type, **told})


async def test_a_signed_request_is_durable_when_it_is_answered_and_begins_the_main_path(site: Site) -> None:
    answer = await send(site, b'{"number": "1"}')
    assert (answer.status_code, answer.content) == (200, b"")
    assert await rows(site, b"SELECT source, source_key, fate, event_type, feed, payload FROM inbox") == [
        ("crm", "msg_1", "taken", "com.small.notice", "crm", b'{"number": "1"}')
    ]
    assert await rows(site, b"SELECT task_name FROM procrastinate_jobs") == [("prepare",)]


async def test_a_repetition_is_answered_alike_and_taken_once(site: Site) -> None:
    answers = [await send(site, b'{"number": "1"}') for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await rows(site, b"SELECT fate FROM inbox ORDER BY record_id") == [("taken",), ("repeated",)]


async def test_without_proof_the_answer_says_nothing_and_nothing_is_kept(site: Site) -> None:
    answer = await send(site, b'{"number": "1"}', signed=b'{"number": "2"}')
    assert (answer.status_code, answer.json()) == (401, {"detail": "unauthorized"})
    assert await rows(site, b"SELECT count(*) FROM inbox") == [(0,)]


async def test_requests_without_proof_are_counted_and_told_once_a_minute(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        await send(site, b'{"number": "%d"}' % number, signed=b"other")
    told = [record.getMessage() for record in caplog.records if "unproven" in record.getMessage()]
    assert told == ["1 requests to crm refused as unproven; the last: no signature in webhook-signature fits a secret"]


async def test_a_type_that_no_feed_of_the_connection_takes_is_set_aside(site: Site) -> None:
    answer = await send(site, b'{"id": "1", "type": "com.small.other"}', to="typed")
    assert answer.status_code == 422
    assert await rows(site, b"SELECT source_key, fate FROM inbox") == [("1", "set_aside")]


async def test_another_payload_under_one_key_is_kept_and_told_as_the_settings_say(site: Site) -> None:
    first, second = b'{"id": "1", "type": "com.small.typed"}', b'{"id": "1", "type": "com.small.typed", "more": 1}'
    answers = [await send(site, body, to="typed") for body in (first, second, first)]
    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert await rows(site, b"SELECT fate FROM inbox ORDER BY record_id") == [("taken",), ("refused",), ("repeated",)]


async def test_what_cannot_be_read_is_set_aside_with_its_bytes_and_accepted(site: Site) -> None:
    answer = await send(site, b'{"number": ')
    assert answer.status_code == 200
    ((fate, payload, reason),) = await rows(site, b"SELECT fate, payload, reason FROM inbox")
    assert (fate, payload) == ("set_aside", b'{"number": ')
    assert "no JSON" in reason


async def test_signed_cloudevents_of_a_connection_without_feeds_are_for_the_feeds_of_events(site: Site) -> None:
    event = {"specversion": "1.0", "id": "7", "source": "/crm", "type": "com.small.notice", "data": {"number": "1"}}
    answer = await send(site, json.dumps(event).encode(), to="events", content_type="application/cloudevents+json")
    assert answer.status_code == 200
    assert await rows(site, b"SELECT source, source_key, feed FROM inbox") == [("/crm", "7", "notice_events")]


async def test_a_connection_speaks_for_no_source_that_is_anothers_and_takes_no_key_of_it(site: Site) -> None:
    event = {"specversion": "1.0", "id": "7", "source": "crm", "type": "com.small.notice", "data": {"number": "1"}}
    answer = await send(site, json.dumps(event).encode(), to="events", content_type="application/cloudevents+json")
    assert answer.status_code == 200
    assert await rows(site, b"SELECT source, source_key, fate FROM inbox") == [("events", None, "set_aside")]
    ((reason,),) = await rows(site, b"SELECT reason FROM failure")
    assert "under `speakers` in xconnector.yaml" in reason


async def test_a_body_that_is_too_large_is_refused_while_it_arrives(site: Site) -> None:
    answer = await send(site, b'{"number": "' + b"1" * 4096 + b'"}')
    assert answer.status_code == 413


async def test_connections_that_take_no_webhooks_are_not_found(site: Site) -> None:
    assert [(await send(site, b"{}", to=name)).status_code for name in ("absent", "email", "archive")] == [404] * 3


async def test_without_the_database_nothing_is_answered_as_taken(site: Site, database: str) -> None:
    await cut_off(database)
    answer = await send(site, b'{"number": "1"}')
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
