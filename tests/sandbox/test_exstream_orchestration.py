"""Composing on demand at Exstream's stand-in: every mode of answer, every refusal, and the queue of its engines."""

import time
from base64 import b64decode
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pikepdf
import pytest

from tests.sandbox.exstream_client import (
    COMMUNICATION,
    DATA_SOURCE,
    NAMED_CHANNEL,
    ORCHESTRATION,
    ExstreamClient,
    driver_of,
    exstream_client,
)

EMPOWER = "application/vnd.exstream-empower"
FULFILL = f"{ORCHESTRATION}/inputs/fulfillment/ondemand/sandbox/fulfill"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Generator[ExstreamClient]:
    with exstream_client(tmp_path_factory.mktemp("on-demand")) as client:
        yield client


@pytest.fixture
def exstream(program: ExstreamClient) -> ExstreamClient:
    program.http.post("/sandbox/reset")
    program.sign_in()
    return program


def outputs(answer: httpx.Response) -> Mapping[str, Any]:
    """Return each output by its queue."""
    told = answer.json()
    assert told["status"] == "success"
    return {output["engineOutputContext"]["queueName"]: output for output in told["data"]}


def draft(client: ExstreamClient) -> str:
    answer = client.generate(empowerUser="composer@OAuthClients", Accept="application/json")
    assert answer.json().keys() == {"documentId"}
    return answer.json()["documentId"]


def fulfilled(client: ExstreamClient, document: str, *, preserve: bool = True) -> httpx.Response:
    headers = {"communicationId": COMMUNICATION, "driverDataSource": DATA_SOURCE, "Accept": "application/pdf"}
    body = f'{{"documents": ["{document}"]}}'.encode()
    return client.post(FULFILL, body, **headers, preserveDocuments=str(preserve).lower())


def test_without_accept_all_outputs_come_in_one_list(exstream: ExstreamClient, tmp_path: Path) -> None:
    found = outputs(exstream.generate())

    assert found.keys() == {"archive", "mail"}
    assert found["archive"]["mimeType"] == "application/pdf"
    assert found["archive"]["engineOutputContext"] == {
        "queueName": "archive",
        "fileName": "N-1",
        "customerNumber": "1",
    }
    (tmp_path / "letter.pdf").write_bytes(b64decode(found["archive"]["content"]))
    with pikepdf.open(tmp_path / "letter.pdf") as letter:
        assert len(letter.pages) == 1
    html = b64decode(found["mail"]["content"]).decode()
    assert found["mail"]["mimeType"] == "text/html"
    assert "<title>Ihre Börsenpolice Nr. 1</title>" in html


@pytest.mark.parametrize("media_type, begins", [("application/pdf", b"%PDF-"), ("text/html", b"<!doctype html>")])
def test_one_media_type_comes_raw(exstream: ExstreamClient, media_type: str, begins: bytes) -> None:
    answer = exstream.generate(Accept=media_type)

    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.content.startswith(begins)


def test_the_same_driver_gives_the_same_bytes(exstream: ExstreamClient) -> None:
    assert exstream.generate().content == exstream.generate().content


def test_a_named_channel_needs_no_ids(exstream: ExstreamClient) -> None:
    assert outputs(exstream.post(NAMED_CHANNEL, driver_of(1))).keys() == {"archive", "mail"}


@pytest.mark.parametrize("missing", ["communicationId", "driverDataSource"])
def test_a_missing_header_is_a_bad_request(exstream: ExstreamClient, missing: str) -> None:
    answer = exstream.generate(driver_of(1), **{missing: ""})

    assert answer.status_code == 400
    assert missing in answer.json()["message"]


@pytest.mark.parametrize("header", ["communicationId", "driverDataSource"])
def test_an_unknown_id_or_data_source_is_not_found(exstream: ExstreamClient, header: str) -> None:
    answer = exstream.generate(driver_of(1), **{header: "00000000-0000-4000-8000-000000000000"})

    assert answer.status_code == answer.json()["status"] == 404
    assert answer.json()["message"] == "Not Found"


def test_an_unpublished_channel_is_not_found_with_its_own_code(exstream: ExstreamClient) -> None:
    unknown = exstream.post(f"{ORCHESTRATION}/inputs/ondemand/sandbox/Nobody", driver_of(1))
    exstream.misbehave(unpublished=["NoticeNow"])
    unpublished = exstream.post(NAMED_CHANNEL, driver_of(1))

    for answer in (unknown, unpublished):
        assert (answer.status_code, answer.json()["errorCode"]) == (404, 310130)
    assert "Nobody in any published flow model" in unknown.json()["details"]


def test_a_wrong_token_gets_401_and_an_empty_body(exstream: ExstreamClient) -> None:
    exstream.signed_in = {"Authorization": "Bearer wrong"}

    answer = exstream.generate()

    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_failed_engine_says_so_inside_its_answer(exstream: ExstreamClient, status: int) -> None:
    exstream.misbehave(engine_fails_next=1, error_status=status)

    failed, composed = exstream.generate(), exstream.generate()

    assert (failed.status_code, failed.json()["status"]) == (status, "error")
    assert failed.json()["data"][0].keys() == {"errorMessage", "statusCode", "engineOutputContext"}
    assert composed.json()["status"] == "success"


def test_a_customer_that_cannot_be_composed_is_an_engine_error(exstream: ExstreamClient) -> None:
    answer = exstream.generate(b'{"data": {"number": "N-1"}}')

    assert answer.json()["status"] == "error"
    assert answer.json()["data"][0]["engineOutputContext"] == {"customerNumber": "1"}


@pytest.mark.parametrize("driver", [b"", b"no JSON", b"[]", b"[1]"])
def test_a_driver_that_cannot_be_read_is_an_engine_error(exstream: ExstreamClient, driver: bytes) -> None:
    assert exstream.generate(driver).json()["status"] == "error"


def test_a_skipped_customer_leaves_an_empty_list(exstream: ExstreamClient) -> None:
    exstream.misbehave(drop_keys=["N-1"], drop_always=True)

    assert exstream.generate().json() == {"status": "success", "data": []}


def test_a_draft_is_kept_in_empower_and_fulfilled_as_often_as_it_is_preserved(exstream: ExstreamClient) -> None:
    document = draft(exstream)

    first, second = fulfilled(exstream, document), fulfilled(exstream, document, preserve=False)

    assert first.content == second.content == exstream.generate(Accept="application/pdf").content
    assert fulfilled(exstream, document).json()["data"][0]["statusCode"] == "404"


def test_a_draft_that_somebody_edited_gives_other_bytes(exstream: ExstreamClient) -> None:
    document = draft(exstream)
    before = fulfilled(exstream, document).content

    exstream.http.post(f"/sandbox/empower/{document}/edit", json={"text": "with a word of apology"})

    assert fulfilled(exstream, document).content != before


def test_a_wrong_empower_user_is_an_inner_401(exstream: ExstreamClient) -> None:
    answer = exstream.generate(empowerUser="nobody", Accept="application/json")

    assert (answer.status_code, answer.json()["data"][0]["statusCode"]) == (200, "401")


def test_an_empower_output_comes_raw(exstream: ExstreamClient) -> None:
    answer = exstream.generate(Accept=EMPOWER)

    assert answer.headers["content-type"] == EMPOWER


def test_requests_beyond_the_engines_wait_without_a_word(exstream: ExstreamClient) -> None:
    exstream.misbehave(max_engines=2, compose_seconds=0.3)
    exstream.generate()
    began = time.monotonic()

    with ThreadPoolExecutor(6) as callers:
        waiting = [callers.submit(exstream.generate) for _ in range(6)]
        answers = [one.result() for one in waiting]

    assert [answer.status_code for answer in answers] == [200] * 6
    assert time.monotonic() - began > 0.85
    assert exstream.seen()["most_engines_at_once"] == 2


def test_csrf_is_wanted_when_told_so(exstream: ExstreamClient) -> None:
    exstream.misbehave(csrf=True)
    refused = exstream.post(NAMED_CHANNEL, driver_of(1))

    cookie = exstream.get(f"{ORCHESTRATION}/csrf").cookies["csrfToken"]
    allowed = exstream.post(NAMED_CHANNEL, driver_of(1), **{"Cookie": f"csrfToken={cookie}", "X-CSRF-TOKEN": cookie})
    forged = exstream.post(NAMED_CHANNEL, driver_of(1), **{"Cookie": f"csrfToken={cookie}", "X-CSRF-TOKEN": "other"})

    exstream.http.cookies.clear()
    assert (refused.status_code, allowed.status_code, forged.status_code) == (403, 200, 403)


def test_a_lost_answer_breaks_the_line_after_the_work(exstream: ExstreamClient) -> None:
    exstream.misbehave(lose_next=1)

    with pytest.raises(httpx.RemoteProtocolError):
        exstream.generate()
    assert exstream.generate().status_code == 200
    assert exstream.seen()["requests"][f"POST {ORCHESTRATION}/inputs/ondemand/{{domain}}/generate"] == 2


def test_an_outage_breaks_every_line(exstream: ExstreamClient) -> None:
    exstream.misbehave(down=True)

    with pytest.raises(httpx.TransportError):
        exstream.generate()
    exstream.misbehave(down=False)
    assert exstream.generate().status_code == 200


def test_some_requests_fail_with_500_and_do_nothing(exstream: ExstreamClient) -> None:
    exstream.misbehave(fail_next=2)

    assert [exstream.generate().status_code for _ in range(3)] == [500, 500, 200]


def test_every_answer_takes_as_long_as_it_is_told(exstream: ExstreamClient) -> None:
    exstream.misbehave(latency=0.3)
    began = time.monotonic()

    exstream.get(f"{ORCHESTRATION}/version")

    assert time.monotonic() - began > 0.3


@pytest.mark.parametrize("told", [{"unknown": 1}, {"latency": -1}, {"latency": "slow"}, {"delivery_file": "odd"}])
def test_faults_are_a_closed_set(exstream: ExstreamClient, told: dict[str, object]) -> None:
    answer = exstream.http.post("/sandbox/faults", json=told)

    assert answer.status_code == 400
    assert answer.json()["wrong"][0]["fault"] == next(iter(told))


def test_versions_are_told_as_the_sdk_reads_them(exstream: ExstreamClient) -> None:
    for service in ("orchestration", "design"):
        told = exstream.get(f"/{service}/api/v1/version").json()
        assert told.keys() == {"apiIdentifier", "major", "minor", "patch", "versionString"}
        assert told["apiIdentifier"] == service


def test_every_fault_stands_in_the_documentation(exstream: ExstreamClient) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")

    faults = exstream.http.get("/sandbox/faults").json()
    assert [fault for fault in faults if f"`{fault}`" not in page] == []
