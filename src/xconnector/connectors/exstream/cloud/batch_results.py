"""What became of a batch: its jobs' states, then what their delivery files name, customer by customer."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from xconnector.connectors.exstream.cloud.batch_settings import BatchSettings
from xconnector.connectors.exstream.cloud.jobs import Job, Jobs, JobState, only_asked
from xconnector.connectors.exstream.cloud.output_path import is_name
from xconnector.connectors.exstream.cloud.output_store import Delivery, OutputMissingError, OutputReader, OutputStore
from xconnector.connectors.exstream.delivered import (
    CustomerOutputs,
    DeliveredCustomers,
    Entry,
    Name,
    OpenFile,
    PageKeys,
)
from xconnector.connectors.exstream.delivery_file import (
    DeliveryTotals,
    GrowingDeliveryFileError,
    read_delivery_file,
)
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composition
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError
from xconnector.contract.submission import Made, Submission, SubmissionOutcome, Underway

_AT_ONCE = 64
_BYTES_AT_ONCE = 4 * 1024 * 1024
_MOST_TOLD = 20

Named = Callable[[str, ExstreamDesign], Awaitable[str]]


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What finds the outputs of a submission again."""

    jobs: Mapping[str, list[str]]
    """All flows of each job."""
    models: Mapping[str, list[str]] = {}
    """Ids and names of each flow's model; a flow that was found by its outputs is not in it."""

    @property
    def flows(self) -> Iterator[tuple[str, str]]:
        """Every flow as job and flow."""
        return ((job, flow) for job, flows in self.jobs.items() for flow in flows)

    def awaited(self, models: frozenset[str]) -> "Reference":
        """Return what is left with the flows of these models, or of all where there are none.

        Raises MisconfiguredError where none is.
        """
        if not models:
            return self
        chosen: dict[str, list[str]] = {}
        for job, flow in self.flows:
            if flow not in self.models or not models.isdisjoint(self.models[flow]):
                chosen.setdefault(job, []).append(flow)
        if not chosen:
            known = sorted({repr(model) for flow in self.models.values() for model in flow})
            raise MisconfiguredError(
                "`batch.flow_models` names none of the flows that the channel has started "
                f"({', '.join(known[:_MOST_TOLD]) or 'none by name'}): correct it"
            )
        return Reference(jobs=chosen, models=self.models)


def reference_of(text: str) -> Reference:
    """Read a reference that was kept. Raises MisconfiguredError for anything else: its job may have made everything."""
    try:
        reference = msgspec.json.decode(text, type=Reference)
    except msgspec.DecodeError:
        reference = Reference(jobs={})
    if not reference.jobs or not all(map(is_name, [name for pair in reference.flows for name in pair])):
        raise MisconfiguredError(
            "the reference of this submission is none that this connection gave: put the connection back that it was "
            "submitted to, or look in Exstream what became of its job"
        )
    return reference


class _NotYetError(Exception):
    """Something is still to come; the message is for an operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndedJobs:
    """The jobs of a submission, none of them underway."""

    known: Mapping[str, Job]
    """Those that Orchestration tells of."""
    forgotten: Sequence[str]
    """Those that it does not know (any more): their outputs may still lie there."""
    ended_at: datetime | None
    """When the last of them ended, as far as that is told of all."""
    awaited_since: datetime
    """From when on their outputs count as awaited: their end, else when they were submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivered:
    """All that was delivered for a submission."""

    customers: DeliveredCustomers
    deliveries: Sequence[Delivery]
    totals: Sequence[DeliveryTotals]


class BatchResults:
    """Looks what became of batches; it keeps nothing, so that any worker may look."""

    def __init__(
        self,
        jobs: Jobs,
        store: Callable[[], OutputStore],
        settings: BatchSettings,
        *,
        engine: Named,
        scratch: Path,
        now: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._store = store
        self._settings = settings
        self._engine = engine
        self._scratch = scratch
        self._now = now

    async def look(
        self, submission: Submission, reference: Reference, design: ExstreamDesign
    ) -> Underway | SubmissionOutcome:
        """Look at the jobs, and once they have ended, at their outputs.

        Raises TransientError, MisconfiguredError, or PermanentError where a job made nothing, or nothing that can be
        had: only then are its orders composed again.
        """
        reference = reference.awaited(self._settings.flow_models)
        try:
            jobs = await self._ended_jobs(submission, reference)
            with only_asked("correct `orchestration.version_path`, or say `null` there"):
                engine = await self._engine(submission.template, design)
            delivered = await asyncio.to_thread(self._delivered, reference, design, jobs)
        except _NotYetError as not_yet:
            return Underway(said=str(not_yet), look_again_after=self._settings.look_every)
        reader = self._store().reader()
        outputs = CustomerOutputs(
            design,
            template=submission.template,
            engine=engine,
            opened=_opener(reader, delivered.deliveries),
            check_sizes=self._settings.check_sizes,
        )
        return SubmissionOutcome(
            made=_made(delivered.customers, outputs, reader),
            left_out=_left_out(reference, jobs.known),
            detail=_detail(delivered, jobs.known),
        )

    async def _ended_jobs(self, submission: Submission, reference: Reference) -> _EndedJobs:
        """Return the jobs as Orchestration tells of them, all ended well. Raises _NotYetError, PermanentError."""
        submitted_at = submission.submitted_at or submission.created_at
        if self._settings.follow == "files":
            return _EndedJobs(known={}, forgotten=(), ended_at=None, awaited_since=submitted_at)
        told = {job: await self._jobs.job(job) for job in reference.jobs}
        known = {job: state for job, state in told.items() if state is not None}
        for job, state in known.items():
            if state.state in {JobState.FAILED, JobState.CANCELED}:
                raise PermanentError(
                    f"job {job!r} has ended as {state.word!r}{_trace(state)}, and nothing of its run is taken: "
                    "look into it in Exstream, then reprocess"
                )
        for job, state in known.items():
            if state.state is JobState.UNDERWAY:
                self._await_end(job, state, submitted_at)
        ends = [state.ended_at for state in told.values() if state is not None and state.ended_at is not None]
        ended_at = max(ends) if len(ends) == len(told) else None
        return _EndedJobs(
            known=known,
            forgotten=sorted(told.keys() - known.keys()),
            ended_at=ended_at,
            awaited_since=ended_at or submitted_at,
        )

    def _await_end(self, job: str, state: Job, submitted_at: datetime) -> None:
        """Raise _NotYetError, or MisconfiguredError for a word that nobody explained in time."""
        if state.is_known_word:
            raise _NotYetError(f"job {job!r} is told to be {state.word!r}")
        told = f"job {job!r} is told to be {state.word!r}, which `batch.words` does not know"
        if self._is_overdue(state.ended_at or submitted_at):
            raise MisconfiguredError(
                f"{told}: say there what the word means; it was submitted at {submitted_at:%Y-%m-%d %H:%M} UTC"
            )
        raise _NotYetError(told)

    def _delivered(self, reference: Reference, design: ExstreamDesign, jobs: _EndedJobs) -> _Delivered:
        """Bring together what all flows delivered. Raises _NotYetError, MisconfiguredError, PermanentError."""
        deliveries = self._settled(reference, jobs)
        page_keys = PageKeys(first_page=self._settings.first_page_key, page_count=self._settings.page_count_key)
        with _files_told():
            customers = DeliveredCustomers(design, scratch=self._scratch, page_keys=page_keys)
        try:
            totals = [self._taken_in(customers, number, one, jobs) for number, one in enumerate(deliveries)]
            if [_size(one) for one in self._deliveries(reference)] != [_size(one) for one in deliveries]:
                raise _NotYetError("a delivery file grew while it was read")
            if customers.outputs and customers.unnamed == customers.outputs:
                raise MisconfiguredError(
                    f"no customer in the delivery file has the key {design.key.name!r}: let the design's queues give "
                    "it, or correct `key:` in its exstream.yaml"
                )
        except BaseException:
            customers.close()
            raise
        return _Delivered(customers=customers, deliveries=deliveries, totals=totals)

    def _settled(self, reference: Reference, jobs: _EndedJobs) -> Sequence[Delivery]:
        """Return the delivery files of all flows, none of which was written to lately."""
        deliveries = self._deliveries(reference)
        there = {(one.job, one.flow) for one in deliveries}
        if missing := [pair for pair in reference.flows if pair not in there]:
            job, flow = missing[0]
            self._await_file(f"flow {flow!r} of job {job!r} has left no delivery file", jobs)
        settled_after = self._settings.outputs.settled_after
        if any(abs(self._now() - one.modified_at) < settled_after for one in deliveries):
            raise _NotYetError("the delivery files were written to a moment ago")
        return deliveries

    def _deliveries(self, reference: Reference) -> list[Delivery]:
        store = self._store()
        return [found for job, flow in reference.flows for found in store.deliveries(job, flow)]

    def _await_file(self, missing: str, jobs: _EndedJobs) -> None:
        if not self._is_overdue(jobs.awaited_since):
            raise _NotYetError(f"{missing} yet")
        if jobs.forgotten:
            raise PermanentError(
                f"{missing}, and Orchestration does not know its job: see in Exstream what became of it, then reprocess"
            )
        what = "ended" if jobs.ended_at is not None else "was submitted"
        raise MisconfiguredError(
            f"{missing}, although its job {what} at {jobs.awaited_since:%Y-%m-%d %H:%M} UTC: correct `batch.outputs`, "
            "mount what the engines write to, or name under `batch.flow_models` which flows compose"
        )

    def _is_overdue(self, awaited_since: datetime) -> bool:
        return self._now() - awaited_since > self._settings.outputs.awaited_for

    def _taken_in(
        self, customers: DeliveredCustomers, number: int, delivery: Delivery, jobs: _EndedJobs
    ) -> DeliveryTotals:
        try:
            with _files_told(), self._store().opened(delivery) as stream:
                reading = read_delivery_file(stream)
                for file in reading:
                    customers.add(file, delivery=number)
        except GrowingDeliveryFileError:
            # A long job may have been submitted long ago, and still be writing.
            if self._is_overdue(max(jobs.awaited_since, delivery.modified_at)):
                raise PermanentError(
                    f"the delivery file of job {delivery.job!r} ends in the middle, and nothing more is written to it: "
                    "was the disk full? Reprocess the run"
                ) from None
            raise _NotYetError(f"the delivery file of flow {delivery.flow!r} is not whole yet") from None
        except OutputMissingError:
            raise _NotYetError("a delivery file went away while it was looked at") from None
        assert reading.totals is not None
        return reading.totals


def _opener(reader: OutputReader, deliveries: Sequence[Delivery]) -> OpenFile:
    def opened(delivery: int, name: str) -> BinaryIO:
        try:
            return reader.output(deliveries[delivery], name)
        except OutputMissingError:
            raise PermanentError(
                f"an output of this customer that job {deliveries[delivery].job!r} names is not there: was it "
                "moved or removed? Reprocess it"
            ) from None

    return opened


async def _made(customers: DeliveredCustomers, outputs: CustomerOutputs, reader: OutputReader) -> AsyncGenerator[Made]:
    named = iter(customers)
    try:
        while some := await asyncio.to_thread(_next, named, outputs):
            for made in some:
                yield made
    finally:
        await asyncio.to_thread(_close, customers, outputs, reader)


def _next(named: Iterator[tuple[Name, Sequence[Entry]]], outputs: CustomerOutputs) -> list[Made]:
    """Return the next customers: a few at a time, fewer of large documents."""
    made: list[Made] = []
    size = 0
    with _files_told():
        for name, entries in named:
            result = outputs.composed(entries)
            made.append(Made(key=name, result=result))
            if isinstance(result, Composition):
                size += sum(len(rendition.content) for rendition in result.renditions)
            if len(made) == _AT_ONCE or size > _BYTES_AT_ONCE:
                break
    return made


@contextmanager
def _files_told() -> Generator[None]:
    """Tell a file system that fails while it is read or written."""
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"outputs cannot be read, or working files not written (errno {error.errno}): look after mount and disk"
        ) from None


def _close(customers: DeliveredCustomers, outputs: CustomerOutputs, reader: OutputReader) -> None:
    outputs.close()
    reader.close()
    customers.close()


def _size(delivery: Delivery) -> tuple[tuple[str, ...], int]:
    return delivery.folder, delivery.size


def _left_out(reference: Reference, jobs: Mapping[str, Job]) -> PermanentError:
    told = ", ".join(
        f"{job!r}" + (f" ({jobs[job].word}{_trace(jobs[job])})" if job in jobs else "")
        for job in list(reference.jobs)[:_MOST_TOLD]
    )
    return PermanentError(
        f"the engine skipped this customer: no output of job {told} names it. Look at the engine's messages there, "
        "correct data or design, and reprocess it"
    )


def _trace(job: Job) -> str:
    return f", trace {job.trace_id!r}" if job.trace_id else ""


def _detail(delivered: _Delivered, jobs: Mapping[str, Job]) -> Mapping[str, str]:
    counted = [totals.customers for totals in delivered.totals if totals.customers is not None]
    pages = [totals.pages for totals in delivered.totals if totals.pages is not None]
    traces = [job.trace_id for job in jobs.values() if job.trace_id]
    words = sorted({job.word for job in jobs.values()})
    told = {
        "delivery files": str(len(delivered.deliveries)),
        "outputs": str(delivered.customers.outputs),
        "outputs without key": str(delivered.customers.unnamed) if delivered.customers.unnamed else "",
        "customers processed": ", ".join(map(str, counted[:_MOST_TOLD])),
        "pages processed": ", ".join(map(str, pages[:_MOST_TOLD])),
        "status": ", ".join(words[:_MOST_TOLD]),
        "traces": ", ".join(traces[:_MOST_TOLD]),
    }
    return {name: value for name, value in told.items() if value}
