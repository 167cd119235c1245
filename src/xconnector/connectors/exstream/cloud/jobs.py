"""Batch jobs of Orchestration: what a submission began, and what became of it."""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.batch_settings import JobWords
from xconnector.connectors.exstream.cloud.client import Answer, CloudClient
from xconnector.connectors.exstream.cloud.errors import Call, engine_failure, strange_answer
from xconnector.connectors.exstream.cloud.output_path import is_name
from xconnector.connectors.exstream.cloud.reading import decoded
from xconnector.connectors.exstream.cloud.settings import Orchestration as OrchestrationSettings
from xconnector.contract.errors import MisconfiguredError, PermanentError

_SERVICE: Final = "Orchestration"
_WORD = re.compile(r"[\w .-]{1,40}", re.ASCII)
_TRACE = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = 253_370_764_800_000
_MOST_FLOWS = 1000
_UNSAID: Final = "without a status"


class JobState(StrEnum):
    """What a status word means."""

    UNDERWAY = "underway"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowInstance:
    """One flow that a submission began: one for each published flow model that uses the channel."""

    flow: str
    job: str
    models: frozenset[str]
    """Id and name of its flow model, as far as they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job, as Orchestration tells of it."""

    state: JobState
    word: str
    """The status as Orchestration says it; fit to be told."""
    is_known_word: bool
    trace_id: str
    """For whoever looks into Exstream's logs; empty where it is not told."""
    channel: str
    """The input channel that began it; empty where it is not told."""
    started_at: datetime | None
    ended_at: datetime | None


class _Instance(msgspec.Struct, rename="camel"):
    id: str | None = None
    job_id: str | None = None
    flow_model_id: str | None = None
    flow_model_name: str | None = None


class _Started(msgspec.Struct):
    status: str | None = None
    data: list[_Instance] = []


class _JobStatus(msgspec.Struct, rename="camel"):
    status: str | None = None
    trace_id: str | None = None
    channel: str | None = None
    start_date: int | float | None = None
    end_date: int | float | None = None


class _JobAnswer(msgspec.Struct):
    data: _JobStatus


def flow_instances(answer: Answer, call: Call, at: str) -> Sequence[FlowInstance]:
    """Return every flow that a submission began, and not only the first.

    Raises PermanentError where the answer says that none could, and OutcomeUnknownError where it does not name what
    began: null for a job's id was seen.
    """
    started = decoded(answer.body, _Started)
    if started is not None and (started.status or "").casefold() == "error":
        raise engine_failure([], call)
    found = [_flow(instance) for instance in started.data[:_MOST_FLOWS]] if started is not None else []
    flows = [flow for flow in found if flow is not None]
    if not flows or len(flows) != len(found):
        raise strange_answer(call, at)
    return flows


@contextmanager
def only_asked(remedy: str) -> Generator[None]:
    """Ask something about a job that has begun: a refusal says nothing of what the job made.

    Raises MisconfiguredError with the remedy for a PermanentError.
    """
    try:
        yield
    except PermanentError as refusal:
        raise MisconfiguredError(f"{refusal}; the job itself may have ended well: {remedy}") from None


class Jobs:
    """The jobs of a domain."""

    def __init__(self, client: CloudClient, settings: OrchestrationSettings, words: JobWords) -> None:
        self._client = client
        self._settings = settings
        self._states = {
            word.casefold(): state
            for state, group in (
                (JobState.COMPLETE, words.complete),
                (JobState.FAILED, words.failed),
                (JobState.CANCELED, words.canceled),
                (JobState.UNDERWAY, words.underway),
            )
            for word in group
        }

    async def job(self, job: str) -> Job | None:
        """Return what became of a job, or None where Orchestration does not know it (any more).

        Raises TransientError or MisconfiguredError.
        """
        domain = self._settings.domain
        at = address(self._settings.url, self._settings.job_path, domain=domain, job=job)
        call = Call(service=_SERVICE, places={"domain": domain}, also=frozenset({HTTPStatus.NOT_FOUND}))
        with only_asked("correct `orchestration.job_path`, or give `batch.follow: files`"):
            answer = await self._client.ask("GET", at, call=call, headers={"Accept": "application/json"})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        told = decoded(answer.body, _JobAnswer)
        if told is None:
            raise strange_answer(call, at)
        return self._told(told.data)

    def _told(self, job: _JobStatus) -> Job:
        word = (job.status or "").strip()
        trace = job.trace_id or ""
        known = self._states.get(word.casefold())
        return Job(
            # What is no word of ours may still become one of them.
            state=known or JobState.UNDERWAY,
            word=word if _WORD.fullmatch(word) else _UNSAID,
            is_known_word=known is not None,
            trace_id=trace if _TRACE.fullmatch(trace) else "",
            channel=job.channel or "",
            started_at=_moment(job.start_date),
            ended_at=_moment(job.end_date),
        )


def _flow(instance: _Instance) -> FlowInstance | None:
    flow, job = instance.id or "", instance.job_id or ""
    if not is_name(flow) or not is_name(job):
        return None
    models = frozenset(model for model in (instance.flow_model_id, instance.flow_model_name) if model)
    return FlowInstance(flow=flow, job=job, models=models)


def _moment(milliseconds: float | None) -> datetime | None:
    if milliseconds is None or not 0 < milliseconds < _LAST_MILLISECOND:
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds)
