"""Runs as batch jobs: a driver is submitted to the design's channel, and what the flows made of it is found again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.batch_results import BatchResults, Reference, reference_of
from xconnector.connectors.exstream.cloud.batch_settings import BatchSettings
from xconnector.connectors.exstream.cloud.client import Answer, CloudClient
from xconnector.connectors.exstream.cloud.errors import Call
from xconnector.connectors.exstream.cloud.hand_over import HandOver, HandOvers
from xconnector.connectors.exstream.cloud.jobs import FlowInstance, Jobs, flow_instances, only_asked
from xconnector.connectors.exstream.cloud.lost import LostSubmissions
from xconnector.connectors.exstream.cloud.output_place import output_store
from xconnector.connectors.exstream.cloud.output_store import OutputStore
from xconnector.connectors.exstream.cloud.settings import Orchestration as OrchestrationSettings
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.designs import design_of
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.connectors.exstream.driver.key import key_of
from xconnector.contract.composer import Order
from xconnector.contract.errors import OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.submission import Submission, SubmissionOutcome, SubmissionReceipt, Underway

_SERVICE: Final = "Orchestration"
_SENT_AT_ONCE: Final = 64 * 1024
_MOST_TOLD: Final = 20

Named = Callable[[str, ExstreamDesign], Awaitable[str]]
"""Gives what made a document of a template, as it is kept with the approval."""


class Batch:
    """The batch inputs of a domain, as the ability `ComposesSubmissions` of a composer."""

    def __init__(
        self,
        client: CloudClient,
        orchestration: OrchestrationSettings,
        settings: BatchSettings,
        designs: Mapping[str, ExstreamDesign],
        *,
        engine: Named,
        project_folder: Path,
        state_folder: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._orchestration = orchestration
        self._settings = settings
        self._designs = designs
        self._project_folder = project_folder
        self._hand_overs = HandOvers(state_folder / "handed-over", now)
        self._known_store: OutputStore | None = None
        jobs = Jobs(client, orchestration, settings.words)
        self._results = BatchResults(
            jobs,
            self._store,
            settings,
            engine=engine,
            scratch=state_folder / "delivered",
            now=now,
        )
        self._lost = LostSubmissions(jobs, self._store, settings, now=now)

    def submits(self, template: str, *, of_run: bool) -> bool:
        design = self._designs.get(template)
        return design is not None and design.batch_channel is not None and (of_run or self._settings.single_orders)

    @property
    def orders_per_submission(self) -> int:
        return self._settings.orders

    async def check(self) -> None:
        """Prove that the outputs can be reached. Raises TransientError or MisconfiguredError."""
        await asyncio.to_thread(lambda: self._store().check())

    def admit(self, order: Order) -> str | None:
        design = design_of(self._designs, order.template)
        self._channel(order.template, design)
        key = key_of(design, order)
        # What cannot be written into a driver must not be found out in the middle of one.
        encoder_of(design).single(order)
        return key

    async def submit(self, submission: Submission, orders: AsyncIterable[Order]) -> SubmissionReceipt:
        """Stream the driver to the design's channel, in constant memory.

        Raises OutcomeUnknownError where the answer was lost, or names no job: see `find`.
        """
        design = design_of(self._designs, submission.template)
        channel = self._channel(submission.template, design)
        # The driver is given once: a sign-in that ends while it is sent would cost all of it.
        await self._client.sign_in()
        with self._hand_overs.begun(submission.submission_key, channel) as hand_over:
            driver = _Driver(design, orders, hand_over)
            receipt = await self._submitted(channel, driver)
            hand_over.is_answered(receipt)
            return receipt

    async def find(self, submission: Submission) -> SubmissionReceipt | None:
        """Return the receipt that came here, or look for the job by the keys of its customers, among the outputs.

        It has surely not begun where its driver was not sent to its end, or, with `flow_only_composes`, where no
        outputs came of it in the time of `found_within`.
        """
        design, key = self._submitted_design(submission), submission.submission_key
        handed_over = await asyncio.to_thread(self._hand_overs.of, key)
        if handed_over.receipt is not None:
            return _with_jobs(handed_over.receipt)
        if handed_over.sent_at is None:
            return None
        others = await asyncio.to_thread(lambda: list(self._hand_overs.others(key)))
        found = await self._lost.jobs(design, handed_over, others)
        if found is None:
            return None
        receipt = _receipt(
            Reference(jobs=found), {"jobs": ", ".join(sorted(found)[:_MOST_TOLD]), "found": "by its outputs"}
        )
        await asyncio.to_thread(self._hand_overs.found, key, receipt)
        return receipt

    async def look(self, submission: Submission, reference: str) -> Underway | SubmissionOutcome:
        design = self._submitted_design(submission)
        return await self._results.look(submission, reference_of(reference), design)

    async def _submitted(self, channel: str, driver: "_Driver") -> SubmissionReceipt:
        settings = self._orchestration
        at = address(settings.url, settings.batch_path, domain=settings.domain, channel=channel)
        call = Call(
            service=_SERVICE,
            repeatable=False,
            places={"channel": channel, "domain": settings.domain},
            timeout=self._settings.timeout,
        )
        headers = {"Content-Type": driver.media_type, "Accept": "application/json"}
        try:
            answer = await self._client.ask("POST", at, call=call, headers=headers, content=driver.content)
        except OutcomeUnknownError as lost:
            if driver.is_whole:
                raise
            # Without its end the request is none: it cannot have begun anything.
            raise TransientError(f"{lost} [its driver had not been sent to its end: nothing began]") from None
        flows = flow_instances(answer, call, at)
        return _receipt(_reference(flows), _detail(flows, answer))

    def _submitted_design(self, submission: Submission) -> ExstreamDesign:
        """Return the design of what was submitted. Raises MisconfiguredError where the project has lost it since."""
        with only_asked("put the file back, then reprocess"):
            return design_of(self._designs, submission.template)

    def _channel(self, template: str, design: ExstreamDesign) -> str:
        if design.batch_channel is None:
            raise PermanentError(
                f"template {template!r}: its exstream.yaml names no `batch_channel`: add it, or use a connection "
                "without `batch`"
            )
        return design.batch_channel

    def _store(self) -> OutputStore:
        """Return where outputs are found; opened once. Call it from a thread."""
        if self._known_store is None:
            self._known_store = output_store(
                self._settings.outputs, domain=self._orchestration.domain, project_folder=self._project_folder
            )
        return self._known_store


class _Driver:
    """A driver while it is sent."""

    def __init__(self, design: ExstreamDesign, orders: AsyncIterable[Order], hand_over: HandOver) -> None:
        self._design = design
        self._encoder = encoder_of(design)
        self._orders = orders
        self._hand_over = hand_over
        self._began = False
        self.is_whole = False
        """Whether it was given to its end, or to its last piece."""

    @property
    def media_type(self) -> str:
        return self._encoder.media_type

    def content(self) -> AsyncIterable[bytes]:
        """Give the driver. Raises TransientError the second time: its orders are given once."""
        if self._began:
            raise TransientError("the sign-in ended while the driver was sent, and is renewed now: submit it again")
        self._began = True
        return self._pieces()

    async def _pieces(self) -> AsyncGenerator[bytes]:
        piece = bytearray(self._encoder.start())
        async for order in self._orders:
            piece += self._encoder.customer(order)
            if (key := key_of(self._design, order)) is not None:
                self._hand_over.add(key)
            if len(piece) >= _SENT_AT_ONCE:
                yield bytes(piece)
                piece.clear()
        piece += self._encoder.end()
        await asyncio.to_thread(self._hand_over.is_sent)
        self.is_whole = True
        if piece:
            yield bytes(piece)


def _reference(flows: Sequence[FlowInstance]) -> Reference:
    jobs: dict[str, list[str]] = {}
    for flow in flows:
        jobs.setdefault(flow.job, []).append(flow.flow)
    return Reference(jobs=jobs, models={flow.flow: sorted(flow.models) for flow in flows})


def _receipt(reference: Reference, detail: Mapping[str, str]) -> SubmissionReceipt:
    kept = msgspec.json.encode(reference).decode()
    return SubmissionReceipt(reference=kept, detail=detail, jobs=frozenset(reference.jobs))


def _with_jobs(receipt: SubmissionReceipt) -> SubmissionReceipt:
    """Return a receipt that was kept with its jobs. Raises MisconfiguredError where its reference is none of ours."""
    # Earlier versions kept it without.
    return replace(receipt, jobs=frozenset(reference_of(receipt.reference).jobs))


def _detail(flows: Sequence[FlowInstance], answer: Answer) -> Mapping[str, str]:
    jobs = sorted({flow.job for flow in flows})
    models = sorted({model for flow in flows for model in flow.models})
    return {
        "jobs": ", ".join(jobs[:_MOST_TOLD]),
        "flows": ", ".join(sorted(flow.flow for flow in flows)[:_MOST_TOLD]),
        **({"flow models": ", ".join(models[:_MOST_TOLD])} if models else {}),
        **answer.ids,
    }
