import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.entrypoints.web.site import Site, cut_off, open_site
from xconnector.domain.event import payload_digest
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.operations.keys import revoke_key
from xconnector.postgres.connect import transaction

EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def event(number: str, **data: object) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": number,
        "source": "/crm",
        "type": "com.small.notice",
        "data": {"number": number, **data},
    }


async def send(site: Site, content: object, *, media_type: str = EVENT, **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await site.client.post(
        "/events", content=body, headers={"Content-Type": media_type, **site.bearing(Purpose.EVENTS), **headers}
    )


async def rows(site: Site, query: bytes) -> Sequence[tuple[Any, ...]]:
    async with transaction(site.place.pool) as connection:
        return await (await connection.execute(query)).fetchall()


async def test_a_structured_event_is_taken_and_durable_when_answered(site: Site) -> None:
    answer = await send(site, event("1"))
    assert answer.status_code == 202
    (told,) = answer.json()["events"]
    assert (told["source"], told["source_key"], told["fate"]) == ("/crm", "1", "taken")
    assert await rows(site, b"SELECT source_key, fate, sha256 FROM inbox") == [("1", "taken", told["sha256"])]


async def test_what_is_taken_begins_the_main_path(site: Site) -> None:
    await send(site, event("1"))
    assert await rows(site, b"SELECT task_name FROM procrastinate_jobs") == [("prepare",)]


async def test_a_binary_event_is_its_body_with_attributes_in_headers(site: Site) -> None:
    body = b'{"number": "1"}'
    attributes = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/crm", "ce-type": "com.small.notice"}
    answer = await send(site, body, media_type="application/json", **attributes)
    assert answer.status_code == 202
    assert answer.json()["events"][0]["sha256"] == payload_digest(body)


async def test_a_repetition_is_answered_like_the_first_time_and_taken_once(site: Site) -> None:
    assert (await send(site, event("1"))).json()["events"][0]["fate"] == "taken"
    again = await send(site, event("1"))
    assert (again.status_code, again.json()["events"][0]["fate"]) == (202, "repeated")
    assert await rows(site, b"SELECT count(*) FROM inbox WHERE fate = 'taken'") == [(1,)]


async def test_another_payload_under_one_id_is_refused_with_both_digests(site: Site) -> None:
    first = (await send(site, event("1"))).json()["events"][0]
    answer = await send(site, event("1", amount="2.00"))
    assert answer.status_code == 409
    (told,) = answer.json()["events"]
    assert (told["status"], told["fate"], told["earlier_sha256"]) == (409, "refused", first["sha256"])
    assert told["sha256"] != first["sha256"]
    assert "id of its own" in told["detail"]


async def test_a_batch_in_which_all_are_taken_is_answered_as_taken(site: Site) -> None:
    answer = await send(site, [event(str(number)) for number in range(3)], media_type=BATCH)
    assert answer.status_code == 202
    assert [told["source_key"] for told in answer.json()["events"]] == ["0", "1", "2"]


async def test_in_a_batch_every_event_has_its_own_status(site: Site) -> None:
    await send(site, event("1"))
    answer = await send(site, [event("1"), event("1", amount="2.00"), event("2")], media_type=BATCH)
    assert answer.status_code == 200
    assert [(told["status"], told["fate"]) for told in answer.json()["events"]] == [
        (202, "repeated"),
        (409, "refused"),
        (202, "taken"),
    ]


async def test_an_empty_batch_takes_nothing(site: Site) -> None:
    answer = await send(site, [], media_type=BATCH)
    assert (answer.status_code, answer.json()) == (202, {"events": []})
    assert await rows(site, b"SELECT count(*) FROM batch") == [(0,)]


async def test_a_flood_of_single_events_is_answered_each_and_moves_in_few_batches(site: Site) -> None:
    answers = await asyncio.gather(*(send(site, event(str(number))) for number in range(120)))
    assert Counter(answer.status_code for answer in answers) == {202: 120}
    told = [answer.json()["events"][0]["source_key"] for answer in answers]
    assert told == [str(number) for number in range(120)]
    ((batches,),) = await rows(site, b"SELECT count(*) FROM batch")
    assert batches < 60


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer xc_events_wrong"}, {"Authorization": "Basic dXNlcjpwYXNz"}]
)
async def test_nothing_is_taken_without_a_key(site: Site, headers: Mapping[str, str]) -> None:
    answer = await site.client.post("/events", json=event("1"), headers={**headers, "Content-Type": EVENT})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "xconnector keys new" in answer.json()["detail"]
    assert await rows(site, b"SELECT count(*) FROM inbox") == [(0,)]


async def test_a_key_of_another_purpose_opens_nothing_here(site: Site) -> None:
    answer = await send(site, event("1"), **site.bearing(Purpose.PORTAL))
    assert answer.status_code == 401


async def test_a_revoked_key_opens_nothing_from_that_moment(site: Site) -> None:
    assert (await send(site, event("1"))).status_code == 202
    await revoke_key(site.place.pool, "test-events")
    assert (await send(site, event("2"))).status_code == 401


@pytest.mark.parametrize(
    "content, media_type, status",
    [
        (b'{"secret-content": ', EVENT, 400),
        ({"specversion": "1.0", "id": "secret-content"}, EVENT, 400),
        ([{"specversion": "1.0", "id": "secret-content"}], BATCH, 400),
        (b"<secret-content/>", "text/xml", 415),
        (b'{"secret-content": 1}', "application/json", 415),
        (b"secret-content", "application/cloudevents+avro", 415),
    ],
)
async def test_what_is_no_event_is_refused_with_a_remedy_and_without_its_content(
    site: Site, content: object, media_type: str, status: int
) -> None:
    answer = await send(site, content, media_type=media_type)
    assert answer.status_code == status
    assert len(answer.json()["detail"]) > 20
    assert "secret-content" not in answer.text


async def test_an_attribute_that_stands_there_twice_is_refused(site: Site) -> None:
    headers = [("Content-Type", "application/json"), *site.bearing(Purpose.EVENTS).items()]
    headers += [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-id", "2"), ("ce-source", "/crm"), ("ce-type", "t")]
    answer = await site.client.post("/events", content=b"{}", headers=headers)
    assert answer.status_code == 400


async def test_a_compressed_body_is_refused(site: Site) -> None:
    answer = await send(site, event("1"), **{"Content-Encoding": "gzip"})
    assert answer.status_code == 415


async def test_an_event_above_the_cap_is_refused_before_it_is_read(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.address.rpartition(":")[2]))
    head = [
        "POST /events HTTP/1.1", "Host: test", f"Content-Type: {EVENT}", "Content-Length: 1048577",
        *(f"{name}: {value}" for name, value in site.bearing(Purpose.EVENTS).items()),
    ]  # fmt: skip
    writer.write("\r\n".join([*head, "", ""]).encode())
    answer = (await reader.read()).decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert "connection: close" in answer.lower()
    writer.close()
    await writer.wait_closed()


async def test_a_streamed_event_above_the_cap_is_refused_while_it_is_sent(site: Site) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    answer = await site.client.post(
        "/events", content=pieces(), headers={"Content-Type": EVENT, **site.bearing(Purpose.EVENTS)}
    )
    assert answer.status_code == 413
    assert answer.headers["Connection"] == "close"


async def test_a_batch_may_be_larger_than_an_event(site: Site) -> None:
    long_text = "x" * 400_000
    answer = await send(site, [event(str(number), text=long_text) for number in range(5)], media_type=BATCH)
    assert answer.status_code == 202


async def test_without_the_database_nothing_is_answered_as_taken(tmp_path: Path, database: str) -> None:
    limits = WebLimits(database_patience=timedelta(seconds=1))
    async with open_site(tmp_path, database, limits=limits) as site:
        await cut_off(database)
        answer = await send(site, event("1"))
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "again" in answer.json()["detail"]
