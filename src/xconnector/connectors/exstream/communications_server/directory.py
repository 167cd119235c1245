"""The composer that drops files: a folder is scanned by the server, and results appear in another one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import BinaryIO, Self, cast

from xconnector.connectors.exstream.communications_server.file_names import path_of
from xconnector.connectors.exstream.communications_server.inbox import DroppedFile, Inbox, as_moment, told
from xconnector.connectors.exstream.communications_server.results import ResultFolder
from xconnector.connectors.exstream.communications_server.settings import DirectoryResultsInFiles, DirectoryService
from xconnector.connectors.exstream.delivered import CustomerOutputs, DeliveredCustomers, Entry, Name
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.designs import design_of
from xconnector.connectors.exstream.driver.encoding import driver_of, encoder_of
from xconnector.connectors.exstream.driver.key import key_of
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.submission import Made, Submission, SubmissionOutcome, SubmissionReceipt, Underway

_ENGINE = "Exstream Communications Server by its Directory input"
_WRITTEN_AT_ONCE = 1024 * 1024
_AT_ONCE = 20
"""Customers whose documents are read, and held, at once."""


def _now() -> datetime:
    return datetime.now(UTC)


class DirectoryComposer:
    """Hands each submission over as one file. Whatever happens, nothing leaves but documents that we fetch."""

    def __init__(
        self, service: DirectoryService, surroundings: Surroundings, *, now: Callable[[], datetime] = _now
    ) -> None:
        project = surroundings.project_folder
        self._service = service
        self._designs = cast("Mapping[str, ExstreamDesign]", surroundings.designs)
        self._inbox = Inbox(
            folder=project / service.folder,
            workplace=project / service.folder / service.workplace,
            permissions=int(service.permissions, 8),
            may_make=not service.folder.is_absolute(),
        )
        self._results = ResultFolder(
            settings=service.results,
            folder=project / service.results.folder,
            scratch=surroundings.state_folder,
            may_make=not service.results.folder.is_absolute(),
        )
        self._now = now

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Nothing is held open."""

    async def check(self) -> None:
        """Prove that both folders can be used, without leaving a file for the server."""
        await asyncio.to_thread(self._inbox.check)
        await asyncio.to_thread(self._results.check)

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        """Refuse: what goes through a folder comes later, as a submission."""
        refusal = PermanentError("a directory gives its results later: choose another composer to have them at once")
        return [refusal for _ in orders]

    def driver(self, orders: Sequence[Order]) -> bytes:
        return driver_of(self._designs, orders)

    def submits(self, template: str, *, of_run: bool) -> bool:
        del template, of_run  # there is no other way
        return True

    @property
    def orders_per_submission(self) -> int:
        return self._service.orders_per_file

    def admit(self, order: Order) -> str | None:
        design = design_of(self._designs, order.template)
        encoder_of(design).single(order)
        key = key_of(design, order)
        if key is not None and isinstance(self._service.results, DirectoryResultsInFiles) and {*key} & {*"/\\"}:
            raise PermanentError(
                f"template {order.template!r}: its key has a slash, and could not stand in the name of a result's file"
            )
        return key

    async def submit(self, submission: Submission, orders: AsyncIterable[Order]) -> SubmissionReceipt:
        """Write the driver, then rename it into the folder. A submission that has come is not handed over twice."""
        earlier = await self._handed_over(submission)
        if earlier is not None:
            return self._receipt(submission, earlier.at)
        now = self._now()
        await asyncio.to_thread(self._inbox.check)
        await asyncio.to_thread(self._inbox.forget, now - self._service.remember)
        design = design_of(self._designs, submission.template)
        await self._write(submission.submission_key, design, orders)
        await asyncio.to_thread(self._inbox.hand_over, submission.submission_key, self._name(submission), now)
        return self._receipt(submission, now)

    async def find(self, submission: Submission) -> SubmissionReceipt | None:
        """Say whether the file came. What keeps us from looking leaves that unknown."""
        try:
            found = await self._handed_over(submission)
        except ConnectorError as error:
            raise OutcomeUnknownError(f"{error} Until then nobody can tell whether the file was handed over") from None
        return self._receipt(submission, found.at) if found is not None else None

    async def look(self, submission: Submission, reference: str) -> Underway | SubmissionOutcome:
        now = self._now()
        waited = now - (as_moment(reference) or submission.created_at)
        name = self._name(submission)
        design = design_of(self._designs, submission.template)
        handed_over = await self._handed_over(submission)
        if handed_over is not None and handed_over.is_waiting:
            if waited > self._service.taken_within:
                raise TransientError(
                    f"nobody takes {name} from {self._inbox.folder}: does the server run, does it scan this folder, "
                    "and does the channel's name pattern fit `name`?"
                )
            return self._underway(f"{name} waits to be taken")
        may_still_come = waited <= self._service.made_within
        customers = await asyncio.to_thread(
            self._results.whole,
            submission.submission_key,
            design,
            now,
            at_least=submission.orders if may_still_come else 0,
        )
        if customers is not None:
            outputs = self._outputs(submission, design, may_still_come=may_still_come)
            return self._outcome(submission, customers, outputs)
        awaited = self._results.awaited(submission.submission_key)
        if not may_still_come:
            raise TransientError(
                f"{name} was taken, and its results are not whole: {awaited}. Look into the server's log, and compare "
                "`results` with where it writes"
            )
        return self._underway(f"{name} was taken, and its results are not whole yet: {awaited}")

    async def _write(self, submission_key: str, design: ExstreamDesign, orders: AsyncIterable[Order]) -> None:
        """Write the driver of all orders in constant memory; of one that cannot be written nothing stays."""
        try:
            with told(self._inbox.folder), await asyncio.to_thread(self._inbox.begin, submission_key) as file:
                await self._write_to(file, design, orders)
        except BaseException:
            self._inbox.discard(submission_key)
            raise

    async def _write_to(self, file: BinaryIO, design: ExstreamDesign, orders: AsyncIterable[Order]) -> None:
        encoder = encoder_of(design)
        waiting = bytearray(encoder.start())
        async for order in orders:
            waiting += encoder.customer(order)
            if len(waiting) >= _WRITTEN_AT_ONCE:
                await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
        waiting += encoder.end()
        await asyncio.to_thread(file.write, bytes(waiting))
        await asyncio.to_thread(self._inbox.complete, file)

    async def _handed_over(self, submission: Submission) -> DroppedFile | None:
        return await asyncio.to_thread(self._inbox.handed_over, submission.submission_key, self._name(submission))

    def _name(self, submission: Submission) -> str:
        return path_of(self._service.name, submission.submission_key)

    def _receipt(self, submission: Submission, at: datetime) -> SubmissionReceipt:
        return SubmissionReceipt(
            reference=at.isoformat(), detail={"file": self._name(submission), "customers": str(submission.orders)}
        )

    def _underway(self, said: str) -> Underway:
        return Underway(said=said, look_again_after=self._service.look_every)

    def _outputs(self, submission: Submission, design: ExstreamDesign, *, may_still_come: bool) -> CustomerOutputs:
        def opened(delivery: int, name: str) -> BinaryIO:
            del delivery  # there is one
            return self._results.opened(
                submission.submission_key,
                name,
                largest=int(self._service.largest_output),
                may_still_come=may_still_come,
            )

        return CustomerOutputs(design, template=submission.template, engine=_ENGINE, opened=opened)

    def _outcome(
        self, submission: Submission, customers: DeliveredCustomers, outputs: CustomerOutputs
    ) -> SubmissionOutcome:
        left_out = PermanentError(
            f"template {submission.template!r}: the server skipped this customer, no result names it. Look into its "
            "messages, correct the data or the design, and have it composed again"
        )
        return SubmissionOutcome(
            made=_made(customers, outputs),
            left_out=left_out,
            detail={"file": self._name(submission), "outputs": str(customers.outputs)},
        )


async def _made(customers: DeliveredCustomers, outputs: CustomerOutputs) -> AsyncGenerator[Made]:
    named = iter(customers)
    try:
        while some := await asyncio.to_thread(lambda: [_one(*found, outputs) for found in islice(named, _AT_ONCE)]):
            for made in some:
                yield made
    finally:
        await asyncio.to_thread(_close, customers, outputs)


def _one(name: Name, entries: Sequence[Entry], outputs: CustomerOutputs) -> Made:
    try:
        return Made(key=name, result=outputs.composed(entries))
    except ConnectorError as error:
        # One whose file is late keeps nobody waiting who comes after it.
        return Made(key=name, result=error)


def _close(customers: DeliveredCustomers, outputs: CustomerOutputs) -> None:
    outputs.close()
    customers.close()
