"""Batch inputs at Exstream's stand-in: jobs, the tree that they write, and what can be wrong with it."""

import re
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from lxml import etree

from tests.sandbox.exstream_client import (
    BATCH,
    DESIGN,
    ORCHESTRATION,
    ExstreamClient,
    driver_of,
    drivers_of_run,
    exstream_client,
)

DELIVERY_FILE = "_STDDELIVERYFILE.xml"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Generator[ExstreamClient]:
    with exstream_client(tmp_path_factory.mktemp("batch")) as client:
        yield client


@pytest.fixture
def exstream(program: ExstreamClient) -> ExstreamClient:
    program.http.post("/sandbox/reset")
    program.sign_in()
    return program


def submitted(client: ExstreamClient, driver: bytes) -> Sequence[Mapping[str, Any]]:
    return client.post(BATCH, driver).json()["data"]


def job(client: ExstreamClient, flow: Mapping[str, Any]) -> Mapping[str, Any]:
    return client.get(f"{ORCHESTRATION}/runtime/sandbox/jobs/{flow['jobId']}").json()["data"]


def ended(client: ExstreamClient, flow: Mapping[str, Any]) -> Mapping[str, Any]:
    """Wait for the end of a job."""
    deadline = time.monotonic() + 60
    while (found := job(client, flow))["status"] == "started":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def output_of(client: ExstreamClient, flow: Mapping[str, Any]) -> Path:
    (folder,) = (client.output / "sandbox" / "jobs" / flow["jobId"] / flow["id"] / "docgen").glob("*/output")
    return folder


def composed(client: ExstreamClient, driver: bytes) -> Path:
    """Submit a run, wait for its one job, and return what it wrote."""
    (flow,) = submitted(client, driver)
    assert ended(client, flow)["status"] == "complete"
    return output_of(client, flow)


def delivered(folder: Path) -> "etree._Element":  # pyright: ignore[reportPrivateUsage]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring((folder / DELIVERY_FILE).read_bytes(), parser)


def numbers(folder: Path, queue: str = "archive") -> list[int]:
    found = delivered(folder).iterfind(f"queue[@name='{queue}']/file/customer")
    return [int(customer.get("number", "")) for customer in found]


def test_a_batch_is_accepted_at_once_and_its_job_can_be_watched(exstream: ExstreamClient) -> None:
    exstream.misbehave(job_seconds=0.3)
    answer = exstream.post(BATCH, driver_of(1, 2))

    (flow,) = answer.json()["data"]
    assert answer.json()["status"] == "success"
    assert flow["status"] == "started"
    assert flow.keys() >= {"id", "jobId", "flowModelId", "flowModelSnapshotId", "domainId", "startDate", "endDate"}
    assert flow["id"] != flow["jobId"]
    assert job(exstream, flow)["status"] == "started"
    done = ended(exstream, flow)
    assert (done["status"], done["mode"], done["channel"]) == ("complete", "BATCH", "NoticeRun")
    assert re.fullmatch(r"[0-9a-f]{16}", done["traceId"])
    assert done["endDate"] - done["startDate"] >= 300


def test_a_job_writes_a_folder_for_each_queue_and_a_delivery_file(exstream: ExstreamClient) -> None:
    folder = composed(exstream, driver_of(1, 2, 3))

    queues = {path.name for path in folder.iterdir() if path.is_dir()}
    assert {re.sub(r"\d+", "n", name) for name in queues} == {"Queue_n_archive", "Queue_n_mail", "Report_n_trigger"}
    content = (folder / DELIVERY_FILE).read_bytes()
    assert content.startswith(b"\xff\xfe")
    assert 'encoding="UTF-16" standalone="no" ?><!DOCTYPE outputList>' in content.decode("utf-16")
    assert numbers(folder) == [1, 2, 3]


def test_the_delivery_file_says_which_customer_stands_where(exstream: ExstreamClient) -> None:
    folder = composed(exstream, driver_of(1, 2))

    root = delivered(folder)
    assert dict(root.attrib) == {"transactions": "0", "customersProcessed": "2", "pagesProcessed": "4"}
    queue = root.find("queue[@name='archive']")
    assert queue is not None
    assert (queue.get("mimeType"), queue.get("pdl")) == ("application/pdf", "PDF")
    file = queue[0]
    keys = {str(key.get("name")): key.text for key in file.iterfind("customer/key")}
    assert keys == {"AccountNumber": "N-1", "StartPageCustomer": "1", "TotalPagesInDocument": "1"}
    assert str(file.get("name")).startswith("/mnt/exstream/sandbox/jobs/")
    written = exstream.output / str(file.get("name")).removeprefix("/mnt/exstream/")
    assert written.stat().st_size == int(file.findtext("fileSize", ""))
    with pikepdf.open(written) as letter:
        assert len(letter.pages) == int(file.findtext("pageCount", ""))
    report = root.find("queue[@name='trigger']/reportFile")
    assert report is not None
    assert (report.get("dataFile"), report.get("mimeType"), len(report)) == ("trigger", "text/plain", 2)


@pytest.mark.slow
def test_three_customers_in_every_thousand_are_skipped_without_a_word(exstream: ExstreamClient) -> None:
    exstream.misbehave(drop_per_thousand=3)

    first = numbers(composed(exstream, drivers_of_run(1000)))
    again = numbers(composed(exstream, drivers_of_run(1000)))

    skipped = sorted(set(range(1, 1001)) - set(first))
    assert len(skipped) == 3
    assert again == first
    submissions = exstream.seen()["submissions"]
    assert [(one["customers"], one["composed"], one["dropped"]) for one in submissions] == [(1000, 997, 3)] * 2
    assert list(exstream.seen()["duplicates"].values()) == [2]


def test_a_skipped_customer_is_composed_when_another_submission_asks_for_it(exstream: ExstreamClient) -> None:
    exstream.misbehave(drop_keys=["N-2"])

    first, second = composed(exstream, driver_of(1, 2, 3)), composed(exstream, driver_of(2))

    assert (numbers(first), numbers(second)) == ([1, 3], [1])


def test_a_customer_may_be_skipped_always(exstream: ExstreamClient) -> None:
    exstream.misbehave(drop_keys=["N-2"], drop_always=True)

    first, second = composed(exstream, driver_of(1, 2, 3)), composed(exstream, driver_of(2, 4))

    assert (numbers(first), numbers(second)) == ([1, 3], [2])


def test_one_submission_may_start_several_flow_instances(exstream: ExstreamClient) -> None:
    exstream.misbehave(flows=2)

    flows = submitted(exstream, driver_of(1, 2))

    assert len({flow["jobId"] for flow in flows}) == 2
    found: list[str] = []
    for flow in flows:
        ended(exstream, flow)
        queues = [str(queue.get("name")) for queue in delivered(output_of(exstream, flow)).iterfind("queue")]
        found += [name for name in queues if name != "trigger"]
    assert sorted(found) == ["archive", "mail"]


def test_every_design_of_a_channel_starts_a_flow_of_its_own(tmp_path: Path) -> None:
    other = {
        **DESIGN,
        "communication": "0f7d5f4e-1111-4222-8333-000000000002",
        "outputs": {"letter": {"queue": "copy"}},
    }
    with exstream_client(tmp_path, designs=[DESIGN, other]) as client:
        flows = submitted(client, driver_of(1, 2))
        for flow in flows:
            ended(client, flow)

        assert len(flows) == 2
        assert numbers(output_of(client, flows[1]), "copy") == [1, 2]


def test_a_queue_may_be_called_anything_and_stays_in_its_folder(tmp_path: Path) -> None:
    design = {**DESIGN, "outputs": {"letter": {"queue": "../../../../../../../Archiv & <Post>"}}}
    with exstream_client(tmp_path, "--mount", "/opentext/nfs", designs=[design]) as client:
        root = delivered(composed(client, driver_of(1, 2)))

        (first, _) = [str(file.get("name")) for file in root.iterfind("queue/file")]
        assert (client.output / first.removeprefix("/opentext/nfs/")).is_file()
        assert root[0].get("name") == "../../../../../../../Archiv & <Post>"


def test_the_delivery_file_grows_while_it_is_written_and_after_the_job_is_complete(exstream: ExstreamClient) -> None:
    exstream.misbehave(delivery_parts=4, delivery_pause=0.1, delivery_lag=0.4)
    (flow,) = submitted(exstream, driver_of(1, 2, 3))
    ended(exstream, flow)
    path = output_of(exstream, flow) / DELIVERY_FILE

    early = path.read_bytes()
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(early)
    time.sleep(0.8)

    assert path.read_bytes().startswith(early)
    assert numbers(path.parent) == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_the_delivery_file_comes_in_either_encoding(exstream: ExstreamClient, encoding: str) -> None:
    exstream.misbehave(delivery_encoding=encoding)

    folder = composed(exstream, driver_of(1))

    assert (folder / DELIVERY_FILE).read_bytes().decode(encoding).startswith('<?xml version="1.0"')
    assert numbers(folder) == [1]


def test_the_delivery_file_may_be_cut_off_doubled_or_missing(exstream: ExstreamClient) -> None:
    exstream.misbehave(delivery_file="truncated")
    with pytest.raises(etree.XMLSyntaxError):
        delivered(composed(exstream, driver_of(1, 2)))

    exstream.misbehave(delivery_file="duplicates")
    assert numbers(composed(exstream, driver_of(1, 2, 3))) == [1, 1, 2, 2, 3, 3]

    exstream.misbehave(delivery_file="missing")
    assert not (composed(exstream, driver_of(1, 2)) / DELIVERY_FILE).exists()


@pytest.mark.parametrize("word", ["error", "failed", "canceled"])
def test_a_job_may_end_with_any_word(exstream: ExstreamClient, word: str) -> None:
    exstream.misbehave(job_ends=word)
    (flow,) = submitted(exstream, driver_of(1, 2))

    assert ended(exstream, flow)["status"] == word


def test_a_driver_that_cannot_be_read_ends_its_job_in_error(exstream: ExstreamClient) -> None:
    (flow,) = submitted(exstream, b"no JSON")

    assert ended(exstream, flow)["status"] == "error"


def test_a_customer_that_cannot_be_composed_is_left_out_and_counted(exstream: ExstreamClient) -> None:
    folder = composed(exstream, driver_of(1, 2).removesuffix(b"]") + b', {"data": {"number": "N-3"}}]')

    assert numbers(folder) == [1, 2]
    assert exstream.seen()["submissions"][-1]["failed"] == 1


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_batch_is_accepted_with_any_status_that_says_so(exstream: ExstreamClient, status: int) -> None:
    exstream.misbehave(batch_status=status)

    assert exstream.post(BATCH, driver_of(1)).status_code == status


def test_an_answer_may_name_no_job_and_a_job_may_be_forgotten(exstream: ExstreamClient) -> None:
    exstream.misbehave(null_job_ids=True, forget_jobs=True)
    (flow,) = submitted(exstream, driver_of(1))

    assert flow["jobId"] is None
    assert exstream.get(f"{ORCHESTRATION}/runtime/sandbox/jobs/{flow['id']}").status_code == 404


def test_an_unpublished_batch_channel_is_not_found_with_its_own_code(exstream: ExstreamClient) -> None:
    answer = exstream.post(f"{ORCHESTRATION}/inputs/batch/sandbox/Nobody", driver_of(1))
    exstream.misbehave(unpublished=["NoticeRun"])

    assert answer.json()["errorCode"] == exstream.post(BATCH, driver_of(1)).json()["errorCode"] == 310130


def test_no_driver_stays_behind(exstream: ExstreamClient) -> None:
    composed(exstream, driver_of(1, 2))

    assert list((exstream.output / ".spool").iterdir()) == []


def test_a_large_driver_that_is_refused_gets_its_answer_and_no_broken_line(exstream: ExstreamClient) -> None:
    large = b"[" + b" " * 20_000_000 + b"]"
    exstream.signed_in = {"Authorization": "Bearer wrong"}

    assert exstream.post(BATCH, large).status_code == 401


def test_two_customers_of_one_key_have_a_file_each(exstream: ExstreamClient) -> None:
    folder = composed(exstream, driver_of(1, 2, 1))

    files = [str(file.get("name")) for file in delivered(folder).iterfind("queue[@name='archive']/file")]
    assert len(set(files)) == len(list(folder.glob("Queue_*_archive/*"))) == 3


def test_many_batches_take_turns(exstream: ExstreamClient) -> None:
    flows = [flow for _ in range(6) for flow in submitted(exstream, driver_of(1, 2))]

    assert [ended(exstream, flow)["status"] for flow in flows] == ["complete"] * 6
