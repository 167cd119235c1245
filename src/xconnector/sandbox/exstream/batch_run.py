"""One batch: a driver is composed a few hundred customers at a time, and the outputs are laid down as engines do."""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from xconnector.sandbox.exstream.bodies import Spooled
from xconnector.sandbox.exstream.customers import ComposedCustomer, QueueFile, UncomposedCustomer, key_of
from xconnector.sandbox.exstream.delivery_file import NAME, DeliveryDraft, grow
from xconnector.sandbox.exstream.designs import HouseDesign
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.seen import SeenSubmission
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

STARTED = "started"
COMPLETE = "complete"
FAILED = "error"
_AT_ONCE = 200
"""Customers that are held in memory."""
_PAUSE = 0.05
"""Seconds."""
_REPORT = "trigger"
_FIRST_QUEUE = 25
_REPORT_NUMBER = 24


@dataclass(slots=True, kw_only=True)
class FlowInstance:
    """What one published flow model does for a submission, and the job that does it."""

    flow_instance_id: str
    job_id: str
    step_id: str
    template: str
    channel: str
    triggered_by: str
    trace_id: str
    started_at: int
    """Milliseconds since 1970."""
    status: str = STARTED
    ended_at: int | None = None

    def end(self, status: str) -> None:
        self.status = status
        self.ended_at = int(time.time() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a flow instance writes."""

    flow: FlowInstance
    folder: Path
    called: str
    """What the engine calls the folder."""
    delivery: DeliveryDraft

    def lay_down(self, customer: ComposedCustomer, file: QueueFile, queue_folder: str, times: int) -> None:
        folder = self.folder / queue_folder
        folder.mkdir(exist_ok=True)
        # Two customers of one key have a file each.
        is_taken = (folder / file.file_name).exists()
        name = f"{customer.number}-{file.file_name}" if is_taken else file.file_name
        (folder / name).write_bytes(file.content)
        for _ in range(times):
            self.delivery.file(customer, file, f"{self.called}/{queue_folder}/{name}")

    def count(self, customer: ComposedCustomer) -> None:
        self.delivery.customers += 1
        name = f"Report_{_REPORT_NUMBER}_{_REPORT}"
        (self.folder / name).mkdir(exist_ok=True)
        with (self.folder / name / _REPORT).open("a", encoding="utf-8") as report:
            report.write(f"{customer.number}|{customer.key or ''}|{customer.pages}\n")
        self.delivery.report(customer, _REPORT, f"{self.called}/{name}/{_REPORT}")


@dataclass(slots=True, kw_only=True)
class BatchRun:
    """A driver for one design, on its way to one flow instance or several."""

    house: ExstreamHouse
    design: HouseDesign
    flows: Sequence[FlowInstance]
    driver: Spooled
    seen: SeenSubmission
    keeps_driver: bool
    """Whether another run still needs the driver's file."""
    _queues: dict[str, int] = field(default_factory=dict[str, int])
    """The queues in the order in which they came."""

    async def carry_out(self) -> None:
        """Compose all customers, write the delivery files, and end the jobs."""
        began = time.monotonic()
        wanted, ends = self.house.faults.job_ends, FAILED
        try:
            if wanted == COMPLETE:
                await self._compose_all(began)
            await self._wait_out(began)
            ends = wanted
        except UnreadableDriverError:
            await self._wait_out(began)
        finally:
            for flow in self.flows:
                if flow.status == STARTED:
                    flow.end(ends)
            if not self.keeps_driver:
                self.driver.path.unlink(missing_ok=True)

    async def _compose_all(self, began: float) -> None:
        with ExitStack() as open_files:
            places = [self._place(flow, open_files) for flow in self.flows]
            driver = open_files.enter_context(self.driver.path.open("rb"))
            customers = enumerate(self.house.customers(self.design, driver), 1)
            while await self._compose_some(customers, places):
                pass
            await self._wait_out(began)
            await asyncio.gather(*(self._deliver(place) for place in places))

    async def _compose_some(self, customers: Iterator[tuple[int, dict[str, Any]]], places: Sequence[_Place]) -> bool:
        """Compose the next customers and lay down what is made; say whether there were any."""
        async with self.house.batch_places:
            chunk = await asyncio.to_thread(lambda: list(islice(customers, _AT_ONCE)))
            results = await self._composed(chunk)
            await asyncio.to_thread(self._lay_down, results, places)
        return bool(chunk)

    async def _composed(self, chunk: Sequence[tuple[int, Mapping[str, Any]]]) -> Sequence[ComposedCustomer]:
        kept = list(self._not_skipped(chunk))
        results = await self.house.compose(
            self.design.template, [data for _, data in kept], numbers=[number for number, _ in kept]
        )
        self.seen.customers += len(chunk)
        self.seen.dropped += len(chunk) - len(kept)
        self.seen.failed += sum(isinstance(result, UncomposedCustomer) for result in results)
        made = [result for result in results if isinstance(result, ComposedCustomer)]
        self.seen.composed += len(made)
        return made

    def _not_skipped(self, chunk: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, data in chunk:
            key = key_of(self.design, data)
            if not self.house.skips(key, number, submission=self.driver.sha256, of_run=True):
                yield number, data

    def _lay_down(self, customers: Sequence[ComposedCustomer], places: Sequence[_Place]) -> None:
        times = 2 if self.house.faults.delivery_file == "duplicates" else 1
        for customer in customers:
            for file in customer.files:
                number = self._queues.setdefault(file.queue, len(self._queues))
                place = places[number % len(places)]
                place.lay_down(customer, file, f"Queue_{_FIRST_QUEUE + number}_{_as_folder(file.queue)}", times)
            for place in places:
                place.count(customer)

    async def _deliver(self, place: _Place) -> None:
        """Write the delivery file; the job may be called complete before all of it is there."""
        faults = self.house.faults
        if faults.delivery_file == "missing":
            return
        async for _ in grow(place.delivery, place.folder / NAME, faults):
            if faults.delivery_lag:
                place.flow.end(COMPLETE)
                await asyncio.sleep(faults.delivery_lag)

    async def _wait_out(self, began: float) -> None:
        # In small steps: it may be told in between to take less.
        while (left := began + self.house.faults.job_seconds - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, _PAUSE))

    def _place(self, flow: FlowInstance, open_files: ExitStack) -> _Place:
        path = f"{self.house.domain}/jobs/{flow.job_id}/{flow.flow_instance_id}/docgen/{flow.step_id}/output"
        folder = self.house.output / path
        folder.mkdir(parents=True)
        key = self.design.settings.key.name
        delivery = open_files.enter_context(DeliveryDraft(key_name=None if key == "number" else key))
        return _Place(flow=flow, folder=folder, called=f"{self.house.mount}/{path}", delivery=delivery)


def _as_folder(queue: str) -> str:
    return re.sub(r"[^\w.-]", "_", queue)
