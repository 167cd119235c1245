import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from tests.entrypoints.web.site import Site, open_site
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.protocol import PatientProtocol
from xconnector.postgres.connect import transaction

EVENT = "application/cloudevents+json"


async def spoken(site: Site, *pieces: bytes, wait: float = 0) -> bytes:
    """What the server says to these bytes before it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(site.address.rpartition(":")[2]))
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(wait)
    said = await reader.read()
    writer.close()
    return said


async def test_a_request_with_too_many_headers_is_refused(site: Site) -> None:
    answer = await site.client.get("/healthz", headers={f"X-{number}": "1" for number in range(120)})
    assert answer.status_code == 431


async def test_an_address_without_end_is_refused(site: Site) -> None:
    assert (await site.client.get("/portal/" + "x" * 5000)).status_code == 414


async def test_a_head_without_end_is_refused(site: Site) -> None:
    assert (await spoken(site, b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 100_000)).startswith(b"HTTP/1.1 400 ")


async def test_a_head_that_never_ends_is_hung_up_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "head_seconds", 0.3)
    async with asyncio.timeout(10):
        said = await spoken(site, b"GET /healthz HTTP/1.1\r\n", b"X: 1\r\n", wait=0.1)
    assert said == b""


async def test_a_caller_who_keeps_the_connection_has_time_for_the_next_head(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientProtocol, "head_seconds", 0.3)
    assert (await site.client.get("/healthz")).status_code == 200
    await asyncio.sleep(0.6)
    assert (await site.client.get("/healthz")).status_code == 200


async def test_a_body_that_never_ends_is_refused(tmp_path: Path, database: str) -> None:
    limits = WebLimits(body_time=timedelta(milliseconds=200), linger_idle=timedelta(milliseconds=50))
    async with open_site(tmp_path, database, limits=limits) as site:
        head = f"POST /events HTTP/1.1\r\nHost: test\r\nContent-Type: {EVENT}\r\nContent-Length: 100\r\n"
        head += f"Authorization: Bearer {site.keys[Purpose.EVENTS]}\r\n\r\n{{"
        assert (await spoken(site, head.encode())).startswith(b"HTTP/1.1 408 ")


async def test_bodies_for_which_there_is_no_room_are_told_to_come_again(tmp_path: Path, database: str) -> None:
    limits = WebLimits(bodies_at_once=1000, patience_for_room=timedelta(milliseconds=100))
    async with open_site(tmp_path, database, limits=limits) as site:
        headers = {"Content-Type": EVENT, **site.bearing(Purpose.EVENTS)}
        answer = await site.client.post("/events", content=b" " * 2000, headers=headers)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        # Room that was asked for in vain is not lost.
        assert (await site.client.post("/events", content=b" " * 1000, headers=headers)).status_code == 400


async def test_what_takes_too_long_is_ended(tmp_path: Path, database: str) -> None:
    limits = WebLimits(request_time=timedelta(milliseconds=300))
    async with open_site(tmp_path, database, limits=limits) as site, transaction(site.place.pool) as connection:
        await connection.execute("LOCK TABLE api_key IN ACCESS EXCLUSIVE MODE")
        answer = await site.client.get("/portal/documents", headers=site.bearing(Purpose.PORTAL))
        assert answer.status_code == 503


async def test_an_error_of_ours_is_told_without_its_words(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    async with transaction(site.place.pool) as connection:
        await connection.execute("DROP TABLE portal_document")
    with caplog.at_level(logging.INFO, logger="xconnector.web"):
        answer = await site.client.get(f"/portal/{site.token('secret-customer')}")
    assert answer.status_code == 500
    assert "portal_document" not in answer.text
    assert "UndefinedTable" in caplog.text
    assert "secret-customer" not in caplog.text


async def test_the_access_log_names_route_and_caller_and_no_token_or_query(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    token = site.token("K1")
    with caplog.at_level(logging.INFO, logger="xconnector.web"):
        await site.client.get(f"/portal/{token}?secret=query")
        await site.client.get("/portal/documents", headers=site.bearing(Purpose.PORTAL))
        await site.client.get("/secret-path")
    assert "GET /portal/{token} 200" in caplog.text
    assert "GET /portal/documents 204" in caplog.text
    assert "test-portal" in caplog.text
    assert "GET (no route) 404" in caplog.text
    assert token not in caplog.text
    assert "secret" not in caplog.text


async def test_every_answer_forbids_what_browsers_would_otherwise_guess(site: Site) -> None:
    for path in ("/healthz", "/openapi.json", "/nothing", "/portal/documents"):
        answer = await site.client.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "server" not in answer.headers


async def test_a_method_that_nothing_is_behind_is_answered_in_json(site: Site) -> None:
    answer = await site.client.delete("/events")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.json() == {"detail": "Method Not Allowed"}
