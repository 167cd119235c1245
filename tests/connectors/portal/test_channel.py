"""What each answer of the portal means, and what is said to it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.connectors.portal.stand_in import KEY, PortalStandIn, open_stand_in
from xconnector.connectors.portal.channel import PortalChannel
from xconnector.connectors.portal.settings import PortalSettings
from xconnector.contract.channel import Receipt
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.dispatches import sample_dispatch


@asynccontextmanager
async def portal_and_channel(**settings: Any) -> AsyncGenerator[tuple[PortalStandIn, PortalChannel]]:  # noqa: ANN401
    async with open_stand_in(Path("/nowhere")) as portal:
        chosen = PortalSettings.model_validate({**portal.settings, **settings})
        async with PortalChannel(chosen) as channel:
            yield portal, channel


async def result_of(answer: bytes) -> Receipt | ConnectorError:
    async with portal_and_channel() as (portal, channel):
        portal.answer = answer
        (result,) = await channel.send([sample_dispatch()])
    return result


def answering(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers])
    return f"{head}\r\n\r\n".encode() + body


async def test_a_document_is_published_with_all_that_belongs_to_it() -> None:
    dispatch = sample_dispatch()
    async with portal_and_channel() as (portal, channel):
        await channel.send([dispatch])
        (request,) = portal.requests

    assert (request.method, request.path) == ("PUT", f"/portal/documents/{dispatch.dispatch_key}")
    assert request.body == dispatch.renditions[RenditionKind.LETTER].content
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/pdf"
    assert request.headers["content-language"] == "de"
    assert request.headers["xconnector-communication-id"] == str(dispatch.communication_id)
    assert request.headers["xconnector-communication"] == "policy_issued"
    assert request.headers["xconnector-customer-key"] == "KUNDE-00001"
    assert request.headers["xconnector-title"] == "Ihre%20B%C3%B6rsenpolice%20Nr.%201"


async def test_nothing_in_a_title_or_key_becomes_a_header_of_its_own() -> None:
    dispatch = sample_dispatch()
    customer = replace(dispatch.recipient, customer_key="K1\r\nXConnector-Title: x")
    async with portal_and_channel() as (portal, channel):
        await channel.send([replace(dispatch, title="A\r\nAuthorization: x", recipient=customer)])
        (request,) = portal.requests

    assert request.headers["xconnector-title"] == "A%0D%0AAuthorization%3A%20x"
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_a_key_with_slashes_stays_one_segment_of_the_path() -> None:
    async with portal_and_channel() as (portal, channel):
        await channel.send([replace(sample_dispatch(), dispatch_key="../../admin")])

    assert portal.requests[0].path == "/portal/documents/..%2F..%2Fadmin"


async def test_a_portal_may_live_below_a_path() -> None:
    async with open_stand_in(Path("/nowhere")) as portal:
        settings = PortalSettings.model_validate({**portal.settings, "url": f"http://127.0.0.1:{portal.port}/x/"})
        async with PortalChannel(settings) as channel:
            await channel.send([sample_dispatch()])

    assert portal.requests[0].path.startswith("/x/portal/documents/")


async def test_the_portals_name_for_the_document_is_the_receipt() -> None:
    assert await result_of(answering("201 Created", b'{"reference": "D-7", "more": 1}')) == Receipt(reference="D-7")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"reference": 7}', b'{"reference": ""}', b"[" * 60_000])
async def test_without_a_usable_name_the_dispatch_key_is_the_receipt(body: bytes) -> None:
    assert await result_of(answering("201 Created", body)) == Receipt(reference=sample_dispatch().dispatch_key)


@pytest.mark.parametrize(
    "status, expected",
    [
        ("400 Bad Request", PermanentError),
        ("401 Unauthorized", MisconfiguredError),
        ("403 Forbidden", MisconfiguredError),
        ("404 Not Found", MisconfiguredError),
        ("405 Method Not Allowed", MisconfiguredError),
        ("408 Request Timeout", TransientError),
        ("409 Conflict", PermanentError),
        ("413 Content Too Large", PermanentError),
        ("422 Unprocessable Content", PermanentError),
        ("429 Too Many Requests", TransientError),
        ("499 Whatever", PermanentError),
        ("500 Internal Server Error", TransientError),
        ("502 Bad Gateway", TransientError),
        ("503 Service Unavailable", TransientError),
        ("599 Whatever", TransientError),
    ],
)
async def test_an_answer_is_one_of_the_four_errors(status: str, expected: type[ConnectorError]) -> None:
    result = await result_of(answering(status, b'{"detail": "KUNDE-00001 is not known"}'))

    assert type(result) is expected
    assert "KUNDE" not in str(result)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    async with open_stand_in(Path("/nowhere")) as elsewhere:
        result = await result_of(answering(status, b"", f"Location: http://127.0.0.1:{elsewhere.port}/"))

        assert isinstance(result, MisconfiguredError)
        assert not elsewhere.requests


@pytest.mark.parametrize(
    "asked, expected",
    [("120", timedelta(seconds=120)), ("Mon, 23 Nov 2026 09:00:00 GMT", None), ("-1", None), ("9" * 30, None)],
)
async def test_the_portal_may_say_when_to_come_back(asked: str, expected: timedelta | None) -> None:
    result = await result_of(answering("503 Service Unavailable", b"", f"Retry-After: {asked}"))

    assert isinstance(result, TransientError)
    assert result.retry_after == expected


async def test_an_endless_answer_is_cut_off() -> None:
    assert isinstance(await result_of(answering("201 Created", bytes(1_000_000))), TransientError)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"])
async def test_an_answer_that_is_cut_off_is_transient(answer: bytes) -> None:
    assert isinstance(await result_of(answer), TransientError)


async def test_the_same_key_with_another_document_is_permanent() -> None:
    dispatch = sample_dispatch()
    other = Rendition.of(RenditionKind.LETTER, b"another letter", pages=1)
    async with portal_and_channel() as (portal, channel):
        await channel.send([dispatch])
        (result,) = await channel.send([replace(dispatch, renditions={other.kind: other})])

        assert isinstance(result, PermanentError)
        assert portal.documents[dispatch.dispatch_key] == dispatch.renditions[RenditionKind.LETTER].content


async def test_without_a_letter_nothing_is_asked() -> None:
    async with portal_and_channel() as (portal, channel):
        (result,) = await channel.send([replace(sample_dispatch(), renditions={})])

    assert isinstance(result, PermanentError)
    assert not portal.requests


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "portal.aurora.test"},
        {"url": "file:///etc/passwd"},
        {"url": "https://user:password@portal.aurora.test"},
        {"url": "https://portal.aurora.test/?x=1"},
        {"url": "https://portal.aurora.test\r\nHost: x"},
        {"key": ""},
        {"key": "a key\r\nX: y"},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PortalSettings.model_validate({"url": "https://portal.aurora.test", "key": "k", **wrong})


async def test_what_is_withdrawn_is_seen_no_more_and_again_changes_nothing() -> None:
    dispatch = sample_dispatch()
    async with portal_and_channel() as (portal, channel):
        await channel.send([dispatch])
        await channel.withdraw(dispatch.dispatch_key)
        await channel.withdraw(dispatch.dispatch_key)

    assert (portal.documents, portal.withdrawn) == ({}, {dispatch.dispatch_key})


async def test_what_was_never_published_cannot_be_withdrawn() -> None:
    async with portal_and_channel() as (_, channel):
        with pytest.raises(PermanentError, match="never had this document"):
            await channel.withdraw("another")


async def test_a_withdrawal_meets_outages_and_wrong_keys_as_publishing_does() -> None:
    async with portal_and_channel() as (portal, channel):
        await portal.reject_credentials()
        with pytest.raises(MisconfiguredError):
            await channel.withdraw("a")
        await portal.go_down()
        with pytest.raises(TransientError):
            await channel.withdraw("a")
