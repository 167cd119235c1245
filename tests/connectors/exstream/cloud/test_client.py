"""The wire to the cloud-native services: what answers mean, how much of them is read, and what is never told."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.exstream.cloud.scripted import Reply, Request, ScriptedServer, of_json, scripted
from tests.connectors.exstream.cloud.wire import client_of, secret_sign_in, token
from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.client import Answer
from xconnector.connectors.exstream.cloud.errors import Call, Refused, error_of
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

CONTENT = "Jördis Sämann, Police 4711"
PURE = Call(service="Orchestration", places={"channel": "Letters", "domain": "acme"})
LASTING = replace(PURE, repeatable=False)


def service_error(status: int, code: int | str | None = None) -> bytes:
    told: dict[str, object] = {"timestamp": 1752000000000, "status": status, "message": "Told", "details": CONTENT}
    return of_json(told if code is None else {**told, "errorCode": code}).body


def engine_error(code: object = "500", queue: object = "archive") -> bytes:
    output = {"errorMessage": CONTENT, "statusCode": code, "engineOutputContext": {"queueName": queue}}
    return of_json({"status": "error", "data": [output]}).body


def refused(status: int, body: bytes = b"") -> Refused:
    return Refused(status=status, body=body)


async def asked(reply: Reply, call: Call = PURE, **more: object) -> Answer:
    """Return what becomes of an answer to a signed-in request."""
    async with serving(reply) as server, client_of(server.url, secret_sign_in(), **more) as client:
        return await client.ask("POST", f"{server.url}/input", call=call, content=CONTENT.encode())


def serving(reply: Reply):  # noqa: ANN201 - as scripted returns
    def answer(request: Request) -> Reply:
        return token() if request.target.startswith("/otdsws") else reply

    return scripted(answer)


@pytest.mark.parametrize(
    "answer, error, words",
    [
        (
            refused(404, service_error(404, 310130)),
            PermanentError,
            "channel 'Letters' is not published in domain 'acme'",
        ),
        (refused(404, service_error(404, "310130")), PermanentError, "publish its flow, or mend `channel`"),
        (refused(409, service_error(409, 309016)), PermanentError, "settle conflicts"),
        (refused(400, service_error(400, 300001)), PermanentError, "errorCode 300001"),
        (refused(404, service_error(404)), PermanentError, "does not know something"),
        (refused(404), MisconfiguredError, "no such service"),
        (refused(404, b"<html>not here</html>"), MisconfiguredError, "no such service"),
        (refused(405), MisconfiguredError, "no such service"),
        (refused(410), MisconfiguredError, "no such service"),
        (refused(401), MisconfiguredError, "correct `sign_in`"),
        (refused(403, service_error(403, 300002)), MisconfiguredError, "permission"),
        (refused(301), MisconfiguredError, "redirects are not followed"),
        (refused(307), MisconfiguredError, "redirects are not followed"),
        (refused(400), PermanentError, "does not take this request"),
        (refused(413), PermanentError, "larger than it takes"),
        (refused(422, b"\xff\xfe"), PermanentError, "does not take this request"),
        (refused(408), TransientError, "at the moment"),
        (refused(429, service_error(429, 300003)), TransientError, "at the moment"),
        (refused(503), TransientError, "at the moment"),
        (refused(500, service_error(500)), TransientError, "identity server"),
        (refused(502, b"<html>bad gateway</html>"), TransientError, "it failed"),
        (refused(500, engine_error()), PermanentError, "output for 'archive' (statusCode 500)"),
        (refused(400, engine_error()), PermanentError, "engine's messages"),
        (refused(500, engine_error("401")), MisconfiguredError, "empower_user"),
        (refused(401, engine_error(401)), MisconfiguredError, "empower_user"),
        (refused(500, engine_error(None, None)), PermanentError, "could not make the output:"),
        (refused(500, engine_error(CONTENT, f"{CONTENT}, {CONTENT}")), PermanentError, "could not make the output:"),
        (refused(500, b'{"status": "error", "data": []}'), TransientError, "it failed"),
        (refused(500, b"[" * 100_000), TransientError, "it failed"),
    ],
)
def test_what_a_refusal_means(answer: Refused, error: type[ConnectorError], words: str) -> None:
    found = error_of(answer, PURE, "https://exstream.acme.test/input")

    assert type(found) is error
    assert words in str(found)
    assert str(answer.status) in str(found) or "engine" in str(found) or "Empower" in str(found)
    assert [word for word in CONTENT.replace(",", "").split() if word in str(found)] == []


@given(
    status=st.integers(300, 599),
    code=st.one_of(st.none(), st.integers(), st.text(max_size=20), st.just(310130)),
    said=st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text())),
    shape=st.sampled_from(["service", "engine", "text", "bare"]),
)
def test_no_refusal_is_without_meaning_and_none_tells_what_is_said(
    status: int, code: object, said: object, shape: str
) -> None:
    marked = f"QUOTED{said}QUOTED"
    told: dict[str, object] = {
        "service": {"status": status, "errorCode": code, "message": marked, "details": said, "path": marked},
        "engine": {"status": "error", "data": [{"errorMessage": marked, "statusCode": code}]},
        "text": {"error": marked},
        "bare": {"status": code, "data": said},
    }
    body = json.dumps(told[shape]).encode()

    for call in (PURE, LASTING):
        found = error_of(refused(status, body), call, "https://exstream.acme.test/input")

        assert type(found) in {PermanentError, TransientError, MisconfiguredError, OutcomeUnknownError}
        assert type(found) is not OutcomeUnknownError or not call.repeatable
        assert "QUOTED" not in str(found)


@given(status=st.integers(300, 599), body=st.binary(max_size=200))
def test_whatever_comes_a_refusal_has_a_meaning(status: int, body: bytes) -> None:
    assert isinstance(error_of(refused(status, body), PURE, "https://exstream.acme.test/input"), ConnectorError)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_broken_answer_to_what_may_have_begun_is_an_unknown_outcome(status: int) -> None:
    assert type(error_of(refused(status), LASTING, "https://a.test")) is OutcomeUnknownError


@pytest.mark.parametrize("status", [408, 429, 503])
def test_what_says_that_it_did_not_begin_is_transient(status: int) -> None:
    error = error_of(replace(refused(status), retry_after=timedelta(seconds=17)), LASTING, "https://a.test")

    assert isinstance(error, TransientError)
    assert error.retry_after == timedelta(seconds=17)


async def test_how_a_service_names_the_request_is_kept() -> None:
    traced = {"X-Request-Id": "abc-1", "traceparent": "00-1-2-01", "X-B3-TraceId": "not this: it has spaces"}

    answer = await asked(Reply(headers=traced))
    with pytest.raises(PermanentError) as caught:
        await asked(Reply(status=400, headers=traced))

    assert answer.ids == {"x-request-id": "abc-1", "traceparent": "00-1-2-01"}
    assert "x-request-id 'abc-1'" in str(caught.value)


async def test_one_failure_group_whatever_the_request_is_called() -> None:
    first = error_of(replace(refused(400), ids={"x-request-id": "a"}), PURE, "https://a.test")
    other = error_of(replace(refused(400), ids={"x-request-id": "b"}), PURE, "https://a.test")

    assert str(first).replace("'a'", "'b'") == str(other)


@pytest.mark.parametrize(
    "reply, pure, lasting",
    [
        (Reply(body=b"half", breaks_off=True), TransientError, OutcomeUnknownError),
        (Reply(after=3), TransientError, OutcomeUnknownError),
        (Reply(body=b"x" * 2000), PermanentError, OutcomeUnknownError),
    ],
)
async def test_a_lost_answer_matters_only_where_something_may_have_begun(
    reply: Reply, pure: type[Exception], lasting: type[Exception]
) -> None:
    for call, error in ((PURE, pure), (LASTING, lasting)):
        with pytest.raises(error):
            await asked(reply, replace(call, largest_answer=1000, timeout=timedelta(seconds=1)))


async def test_nothing_was_begun_where_nothing_is_reached() -> None:
    async with scripted(lambda _: Reply()) as gone:
        pass
    async with serving(Reply()) as server, client_of(server.url, secret_sign_in()) as client:
        with pytest.raises(TransientError):
            await client.ask("POST", f"{gone.url}/input", call=LASTING)


async def test_a_refusal_is_read_only_so_far() -> None:
    with pytest.raises(PermanentError):
        await asked(Reply(status=400, body=b" " * 2_000_000))


async def test_a_status_that_the_call_takes_for_an_answer_is_one() -> None:
    answer = await asked(Reply(status=404, body=b"gone"), replace(PURE, also=frozenset({404})))

    assert (answer.status, answer.body) == (404, b"gone")


async def test_redirects_are_not_followed() -> None:
    async with scripted(lambda _: Reply()) as elsewhere:
        with pytest.raises(MisconfiguredError, match="redirects"):
            await asked(Reply(status=302, headers={"Location": elsewhere.url}))

        assert elsewhere.requests == []


async def test_a_stream_is_sent_again_after_a_new_sign_in() -> None:
    refusals = iter([Reply(status=401), Reply()])

    def answer(request: Request) -> Reply:
        return token() if request.target.startswith("/otdsws") else next(refusals)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with scripted(answer) as server, client_of(server.url, secret_sign_in()) as client:
        await client.ask("POST", f"{server.url}/input", call=LASTING, content=pieces)

    assert inputs(server) == [b"one two", b"one two"]


async def test_nobody_asks_for_a_media_type_who_does_not_say_so() -> None:
    async with serving(Reply()) as server, client_of(server.url, secret_sign_in()) as client:
        await client.ask("GET", f"{server.url}/input", call=PURE)
        await client.ask("GET", f"{server.url}/input", call=PURE, headers={"Accept": "application/pdf"})

    assert [request.headers.get("accept") for request in server.requests[1:]] == [None, "application/pdf"]


@pytest.mark.parametrize("headers", [{"driverDataSource": "Türen"}, {"driverDataSource": "a\r\nX-Other: b"}])
async def test_what_fits_into_no_header_is_a_matter_of_settings(headers: Mapping[str, str]) -> None:
    async with serving(Reply()) as server, client_of(server.url, secret_sign_in()) as client:
        with pytest.raises(MisconfiguredError):
            await client.ask("GET", f"{server.url}/input", call=PURE, headers=headers)


@pytest.mark.parametrize("content", [None, b"no certificate"])
async def test_certificates_that_cannot_be_read_are_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    async with client_of("https://127.0.0.1:1", secret_sign_in(), ca_file=str(file)) as client:
        with pytest.raises(MisconfiguredError, match="ca_file"):
            await client.sign_in()


async def test_the_usual_certificates_hold_beside_those_of_the_file() -> None:
    usual = certifi.where()
    async with serving(Reply()) as server, client_of(server.url, secret_sign_in(), ca_file=usual) as client:
        assert (await client.ask("GET", f"{server.url}/input", call=PURE)).status == 200


def test_an_address_has_each_name_as_one_segment() -> None:
    found = address("https://a.test/o", "/inputs/{domain}/{channel}", domain="ac/me?", channel="Ä b")

    assert found == "https://a.test/o/inputs/ac%2Fme%3F/%C3%84%20b"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_no_name_leads_elsewhere(name: str) -> None:
    with pytest.raises(MisconfiguredError):
        address("https://a.test/o", "/inputs/{domain}", domain=name)


def inputs(server: ScriptedServer) -> list[bytes]:
    return [request.body for request in server.requests if request.target == "/input"]
