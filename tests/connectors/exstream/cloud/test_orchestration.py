"""Orchestration on demand: generate, named channels, drafts, fulfilment, version."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

from tests.connectors.exstream.cloud.scripted import Reply, Request, of_json, scripted
from tests.connectors.exstream.cloud.wire import secret_sign_in, settings_of, token
from xconnector.connectors.exstream.cloud.client import CloudClient
from xconnector.connectors.exstream.cloud.orchestration import Generated, Orchestration
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)

COMMUNICATION = UUID("6f1c0f3e-52a1-4c8e-9d54-0b7a3c1f2e01")
DRIVER = b'{"customer": "Anna Muster"}'
JSON = "application/json"
T = TypeVar("T")


def output(
    queue: str = "archive", content: bytes = b"%PDF-1.7", mime_type: str = "application/pdf"
) -> dict[str, object]:
    context = {"queueName": queue, "fileName": "a", "customerNumber": 1}
    return {"content": b64encode(content).decode(), "mimeType": mime_type, "engineOutputContext": context}


def outputs(*one: Mapping[str, object]) -> Reply:
    return of_json({"status": "success", "data": list(one)})


async def told(reply: Reply, asked: Callable[[Orchestration], Awaitable[T]], **on_demand: object) -> tuple[T, Request]:
    """Return what comes of an answer, and the request that it was the answer to."""

    def answer(request: Request) -> Reply:
        return token() if request.target.startswith("/otdsws") else reply

    async with scripted(answer) as server:
        url = f"{server.url}/orchestration/api/v1"
        settings = settings_of(
            server.url,
            secret_sign_in(),
            orchestration={"url": url, "domain": "ac me", "on_demand": {"timeout": 1, **on_demand}},
        )
        async with CloudClient(settings, project_folder=Path.cwd()) as client:
            found = await asked(Orchestration(client, settings.orchestration))
        return found, server.requests[-1]


async def generate(orchestration: Orchestration) -> Generated:
    return await orchestration.generate(COMMUNICATION, "policy_driver", DRIVER, media_type=JSON)


async def letter(orchestration: Orchestration) -> Generated:
    return await orchestration.generate_letter(COMMUNICATION, "policy_driver", DRIVER, queue="archive", media_type=JSON)


async def draft(orchestration: Orchestration) -> str:
    return await orchestration.draft(COMMUNICATION, "policy_driver", DRIVER, media_type=JSON)


async def channel(orchestration: Orchestration) -> Generated:
    return await orchestration.run_channel("Letters/1", DRIVER, queue="archive", media_type=JSON)


async def fulfill(orchestration: Orchestration) -> Generated:
    return await orchestration.fulfill(["d-1"], COMMUNICATION, "policy_driver", preserve=True, may_send=True)


async def version(orchestration: Orchestration) -> str:
    return await orchestration.version()


async def test_generate_gives_the_raw_driver_and_gets_every_output() -> None:
    mail = output("mail", b"<html>", "text/html; charset=utf-8")
    found, request = await told(outputs(output(), mail), generate, variables={"exstream-variable": "a=b"})

    assert [(one.queue, one.media_type, one.content) for one in found.outputs] == [
        ("archive", "application/pdf", b"%PDF-1.7"),
        ("mail", "text/html", b"<html>"),
    ]
    assert (request.method, request.target) == ("POST", "/orchestration/api/v1/inputs/ondemand/ac%20me/generate")
    assert request.body == DRIVER
    assert request.headers["authorization"] == "Bearer a-token-nobody-may-see"
    assert request.headers["communicationid"] == str(COMMUNICATION)
    assert request.headers["driverdatasource"] == "policy_driver"
    assert request.headers["content-type"] == JSON
    assert request.headers["exstream-variable"] == "a=b"
    assert "accept" not in request.headers
    assert "empoweruser" not in request.headers


async def test_a_letter_alone_comes_raw() -> None:
    found, request = await told(
        Reply(body=b"%PDF-1.7", headers={"Content-Type": "application/pdf", "X-Request-Id": "r-1"}), letter
    )

    assert [(one.queue, one.content) for one in found.outputs] == [("archive", b"%PDF-1.7")]
    assert found.ids == {"x-request-id": "r-1"}
    assert request.headers["accept"] == "application/pdf"


async def test_a_named_channel_has_no_communication() -> None:
    found, request = await told(outputs(output()), channel)

    assert len(found.outputs) == 1
    assert request.target == "/orchestration/api/v1/inputs/ondemand/ac%20me/Letters%2F1"
    assert "communicationid" not in request.headers
    assert "accept" not in request.headers


async def test_a_named_channel_may_answer_with_the_letter_itself() -> None:
    pdf = Reply(body=b"%PDF-1.7", headers={"Content-Type": "application/pdf;charset=UTF-8"})

    found, request = await told(pdf, channel, channel_accept="application/pdf")

    assert [(one.queue, one.media_type, one.content) for one in found.outputs] == [
        ("archive", "application/pdf", b"%PDF-1.7")
    ]
    assert request.headers["accept"] == "application/pdf"


async def test_a_pdf_of_a_design_without_a_letter_is_misconfigured() -> None:
    pdf = Reply(body=b"%PDF-1.7", headers={"Content-Type": "application/pdf"})

    with pytest.raises(MisconfiguredError):
        await told(pdf, lambda one: one.run_channel("Texts", DRIVER, queue=None, media_type=JSON))


async def test_a_draft_is_kept_under_the_account_of_the_connection() -> None:
    kept = of_json({"documentId": "d-1"})

    found, request = await told(kept, draft, empower_user="xconnector@OAuthClients")

    assert found == "d-1"
    assert request.headers["empoweruser"] == "xconnector@OAuthClients"
    assert request.headers["accept"] == JSON


async def test_without_an_account_no_draft_is_asked_for() -> None:
    with pytest.raises(MisconfiguredError, match="empower_user"):
        await told(of_json({"documentId": "d-1"}), draft)


async def test_fulfilment_names_the_documents_and_whether_they_stay() -> None:
    found, request = await told(outputs(output()), fulfill)

    assert len(found.outputs) == 1
    assert request.target == "/orchestration/api/v1/inputs/fulfillment/ondemand/ac%20me/fulfill"
    assert request.headers["preservedocuments"] == "true"
    assert request.body == b'{"documents":["d-1"]}'


@pytest.mark.parametrize(
    "reply, spelled",
    [
        (
            of_json({"apiIdentifier": "o", "major": 24, "minor": 4, "patch": 1, "versionString": "24.4.1-b7"}),
            "24.4.1-b7",
        ),
        (of_json({"major": 24, "minor": 4, "patch": 1}), "24.4.1"),
        (of_json({"versionString": "two\nlines"}), "unknown"),
        (of_json({}), "unknown"),
    ],
)
async def test_the_version_is_one_word(reply: Reply, spelled: str) -> None:
    assert (await told(reply, version))[0] == spelled


FAILED_OUTPUT = {
    "errorMessage": "Anna Muster",
    "statusCode": "500",
    "engineOutputContext": {"queueName": "mail"},
}


@pytest.mark.parametrize(
    "reply, asked, error",
    [
        (of_json({"status": "error", "data": [FAILED_OUTPUT]}), generate, PermanentError),
        (of_json({"status": "success", "data": [output(), FAILED_OUTPUT]}), generate, PermanentError),
        (of_json({"status": "error", "data": []}), generate, PermanentError),
        (of_json({"status": "error", "data": [{**FAILED_OUTPUT, "statusCode": "401"}]}), draft, MisconfiguredError),
        (of_json({"status": "error", "data": [FAILED_OUTPUT]}), letter, PermanentError),
        (of_json({"status": "error", "data": [FAILED_OUTPUT]}), channel, PermanentError),
        (of_json({"status": "error", "data": [FAILED_OUTPUT]}), fulfill, PermanentError),
        (of_json({"status": "error", "data": [output(), FAILED_OUTPUT]}), fulfill, OutcomeUnknownError),
        (Reply(body=b"<html>Anna Muster</html>"), generate, MisconfiguredError),
        (Reply(body=b"<html>Anna Muster</html>"), fulfill, OutcomeUnknownError),
        (Reply(body=b"<html>Anna Muster</html>", headers={"Content-Type": "text/html"}), letter, MisconfiguredError),
        (of_json({"something": "else"}), draft, MisconfiguredError),
        (
            of_json({"status": "success", "data": [{**output(), "content": "Anna Muster"}]}),
            generate,
            MisconfiguredError,
        ),
        (of_json({"status": "success", "data": [{**output(), "content": "ä"}]}), generate, MisconfiguredError),
        (Reply(body=b"no version"), version, MisconfiguredError),
        (Reply(after=3), generate, TransientError),
        (Reply(after=3), channel, TransientError),
        (Reply(after=3), fulfill, OutcomeUnknownError),
        (Reply(status=500), fulfill, OutcomeUnknownError),
        (Reply(status=503), fulfill, TransientError),
    ],
)
async def test_what_is_no_success(
    reply: Reply, asked: Callable[[Orchestration], Awaitable[object]], error: type[ConnectorError]
) -> None:
    with pytest.raises(error) as caught:
        await told(reply, asked, empower_user="xconnector@OAuthClients")

    assert type(caught.value) is error
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert "Anna" not in shown
    assert "nobody-may-see" not in shown


async def test_an_output_without_content_is_left_out() -> None:
    found, _ = await told(outputs(output(), {**output("report"), "content": None}), generate)

    assert len(found.outputs) == 1


async def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    with pytest.raises(PermanentError, match="largest_answer"):
        await told(outputs(output(content=b"x" * 100_000)), generate, largest_answer="50KB")
