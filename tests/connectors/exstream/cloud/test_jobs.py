from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.connectors.exstream.cloud.scripted import Reply, Request, of_json, scripted
from xconnector.connectors.exstream.cloud.batch_settings import JobWords
from xconnector.connectors.exstream.cloud.client import Answer, CloudClient
from xconnector.connectors.exstream.cloud.errors import Call
from xconnector.connectors.exstream.cloud.jobs import Jobs, JobState, flow_instances
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError

SUBMITTED = Call(service="Orchestration", repeatable=False, places={"channel": "Runs", "domain": "D"})
# The shape of a public integration's logs.
JOB: Mapping[str, object] = {
    "id": "J1",
    "domainId": "D",
    "channel": "Chan",
    "mode": "BATCH",
    "status": "complete",
    "startDate": 1752000000000,
    "endDate": 1752000005366,
    "traceId": "0123456789abcdef",
    "simulation": False,
}
FLOW: Mapping[str, object] = {
    "id": "F1",
    "jobId": "J1",
    "flowModelId": "M1",
    "flowModelSnapshotId": "S1",
    "domainId": "D",
    "status": "started",
    "startDate": 1752000000000,
    "endDate": None,
    "flowModelName": None,
}


@asynccontextmanager
async def jobs_of(reply: Reply, **words: object) -> AsyncGenerator[tuple[Jobs, list[str]]]:
    def answer(request: Request) -> Reply:
        if request.target.endswith("/oauth2/token"):
            return of_json({"access_token": "t", "token_type": "Bearer", "expires_in": 900})
        return reply

    async with scripted(answer) as server:
        settings = CloudSettings.model_validate(
            {
                "sign_in": {"preset": "otds-single", "url": server.url, "client_id": "c", "client_secret": "s"},
                "orchestration": {"url": f"{server.url}/o", "domain": "D"},
            }
        )
        async with CloudClient(settings, project_folder=Path()) as client:
            targets: list[str] = []
            yield Jobs(client, settings.orchestration, JobWords.model_validate(words)), targets
            targets += server.targets()


def told(**changes: object) -> Reply:
    return of_json({"status": "success", "data": {**JOB, **changes}})


async def test_a_job_is_asked_for_by_domain_and_id() -> None:
    async with jobs_of(told()) as (jobs, targets):
        job = await jobs.job("J1")

    assert targets[-1] == "/o/runtime/D/jobs/J1"
    assert job is not None
    assert (job.state, job.word, job.trace_id) == (JobState.COMPLETE, "complete", "0123456789abcdef")
    assert (job.channel, job.started_at) == ("Chan", datetime(2025, 7, 8, 18, 40, tzinfo=UTC))
    assert job.ended_at == datetime(2025, 7, 8, 18, 40, 5, 366000, tzinfo=UTC)


@pytest.mark.parametrize(
    "word, state, known",
    [
        ("started", JobState.UNDERWAY, True),
        ("Complete", JobState.COMPLETE, True),
        ("FAILED", JobState.FAILED, True),
        ("cancelled", JobState.CANCELED, True),
        ("never heard of", JobState.UNDERWAY, False),
        (None, JobState.UNDERWAY, False),
    ],
)
async def test_words_mean_what_the_settings_say(word: str | None, state: JobState, known: bool) -> None:
    async with jobs_of(told(status=word)) as (jobs, _):
        job = await jobs.job("J1")

    assert job is not None
    assert (job.state, job.is_known_word) == (state, known)


async def test_a_word_that_is_none_is_not_told() -> None:
    async with jobs_of(told(status="Jördis Sämann\nLindenweg 1", traceId="a b\n")) as (jobs, _):
        job = await jobs.job("J1")

    assert job is not None
    assert (job.word, job.trace_id) == ("without a status", "")


async def test_a_job_that_is_not_known_is_none() -> None:
    async with jobs_of(of_json({"status": 404, "message": "Not Found"}, status=404)) as (jobs, _):
        assert await jobs.job("J1") is None


@pytest.mark.parametrize(
    "reply, error",
    [
        (of_json({"hello": "world"}), MisconfiguredError),
        (of_json([]), MisconfiguredError),
        (Reply(body=b"<html>"), MisconfiguredError),
        (of_json({}, status=400), MisconfiguredError),
        (of_json({"status": 400, "errorCode": 309999}, status=400), MisconfiguredError),
        (Reply(body=b" " * 5 * 1024 * 1024), MisconfiguredError),
        (of_json({}, status=503), TransientError),
        (Reply(breaks_off=True), TransientError),
    ],
)
async def test_an_answer_that_tells_nothing_is_an_error(reply: Reply, error: type[Exception]) -> None:
    async with jobs_of(reply) as (jobs, _):
        with pytest.raises(error):
            await jobs.job("J1")


async def test_a_status_that_may_not_be_asked_says_nothing_of_the_job() -> None:
    async with jobs_of(of_json({}, status=400)) as (jobs, _):
        with pytest.raises(
            MisconfiguredError, match=r"answers 400.*may have ended well: correct `orchestration\.job_path`"
        ):
            await jobs.job("J1")


def answered(body: str) -> Answer:
    return Answer(status=200, media_type="application/json", body=body.encode())


def test_every_flow_that_was_started_is_followed() -> None:
    reply = of_json(
        {
            "status": "success",
            "data": [FLOW, {**FLOW, "id": "F2"}, {**FLOW, "id": "F3", "jobId": "J2", "flowModelName": "Mailing"}],
        }
    )

    flows = flow_instances(answered(reply.body.decode()), SUBMITTED, "https://x.test")

    assert [(flow.job, flow.flow) for flow in flows] == [("J1", "F1"), ("J1", "F2"), ("J2", "F3")]
    assert flows[2].models == {"M1", "Mailing"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[]",
        '{"status":"success","data":[]}',
        '{"status":"success","data":[{"id":"F1","jobId":null}]}',
        '{"status":"success","data":[{"id":"F1","jobId":"J1"},{"id":null,"jobId":"J1"}]}',
        '{"status":"success","data":[{"id":"../F1","jobId":"J1"}]}',
    ],
)
def test_an_answer_that_names_no_job_leaves_the_outcome_unknown(body: str) -> None:
    with pytest.raises(OutcomeUnknownError):
        flow_instances(answered(body), SUBMITTED, "https://x.test")


def test_an_answer_that_says_error_began_nothing() -> None:
    with pytest.raises(PermanentError):
        flow_instances(answered('{"status":"error","data":[]}'), SUBMITTED, "https://x.test")


def test_one_word_cannot_mean_two_things() -> None:
    with pytest.raises(ValidationError, match="one word cannot mean two things"):
        JobWords.model_validate({"failed": ["Complete"]})
