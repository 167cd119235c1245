"""Runs that nobody waits for: they outlive the worker that began them, and any worker can see what became of them.

Whatever happens, a run is pure composition: one that was lost is begun again, and never unknown.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice

from xconnector.connectors.exstream.delivered import Name
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.engine.control_file import customer_list
from xconnector.connectors.exstream.engine.driver_file import layout_digest, same_customers, write_driver
from xconnector.connectors.exstream.engine.place import Place
from xconnector.connectors.exstream.engine.results import Delivery, Result, results_of, skipped
from xconnector.connectors.exstream.engine.run import Run
from xconnector.connectors.exstream.engine.verdict import Verdict, verdict_of
from xconnector.connectors.exstream.engine.work_folder import Attempt, BegunRun, RunFolder
from xconnector.contract.composer import Order
from xconnector.contract.errors import ConnectorError, PermanentError, TransientError
from xconnector.contract.submission import Made, Repeat, Submission, SubmissionOutcome, SubmissionReceipt, Underway

_READ_AT_ONCE = 20
"""Customers whose documents are read, and held, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submissions:
    """The submissions of a connection, begun and found in its work folder."""

    place: Place

    async def submit(self, submission: Submission, orders: AsyncIterable[Order]) -> SubmissionReceipt:
        """Write the driver and begin the run. A submission that has begun is not begun twice.

        Raises one of the four errors; nothing has begun then.
        """
        place = self.place
        folder = place.work.of(submission.submission_key)
        design = place.design(submission.template)
        place.check()
        place.packages.of(design, submission.template)
        with place.work.usable():
            folder.make()
            with _held(folder) as lock:
                begun = folder.begun()
                if begun is None:
                    if lock is None:
                        raise TransientError("another worker is handing this submission over")
                    begun = await self._written(submission, folder, design, orders)
                    await self._begin(folder, begun, lock)
        return _receipt(begun)

    def find(self, submission: Submission) -> SubmissionReceipt | None:
        """Return the receipt of a submission that has begun, or None."""
        with self.place.work.usable():
            begun = self.place.work.of(submission.submission_key).begun()
        return _receipt(begun) if begun is not None else None

    async def look(self, submission: Submission, reference: str) -> Underway | SubmissionOutcome:
        """Say that the run is alive, or what it made. One that was lost is begun again.

        Raises one of the four errors.
        """
        with self.place.work.usable():
            folder = self.place.work.of(submission.submission_key)
            begun = folder.begun()
            if begun is None or not self.place.work.of(begun.driver_of).driver.is_file():
                raise self._gone(reference)
            return await self._seen(folder, begun)

    # ---------------------------------------------------------------- beginning

    async def _written(
        self, submission: Submission, folder: RunFolder, design: ExstreamDesign, orders: AsyncIterable[Order]
    ) -> BegunRun:
        """Write the driver and return what is to be composed."""
        written = await write_driver(folder, design, orders)
        begun = BegunRun(
            template=submission.template,
            orders=written.customers,
            run_date=written.run_date if self.place.settings.run_date else None,
            layout=layout_digest(design),
            driver_of=submission.submission_key,
            host=socket.gethostname(),
        )
        if submission.repeats is None:
            return begun
        return await asyncio.to_thread(self._by_an_earlier_driver, folder, begun, submission.repeats) or begun

    def _by_an_earlier_driver(self, folder: RunFolder, begun: BegunRun, repeats: Repeat) -> BegunRun | None:
        """Return the run as a targeted one of the driver in which all of its orders stand already, unchanged."""
        earlier = self.place.work.of(repeats.submission_key).begun()
        if earlier is None or (earlier.template, earlier.layout, earlier.run_date) != (
            begun.template,
            begun.layout,
            begun.run_date,
        ):
            return None
        positions = _in_the_driver(earlier, repeats.positions)
        source = self.place.work.of(earlier.driver_of)
        if len(set(positions)) != len(positions) or not source.driver.is_file():
            return None
        if len(customer_list(positions)) > self.place.settings.longest_customer_list:
            return None
        if not same_customers(folder, source, positions):
            return None
        # As long as it is needed, its time does not pass.
        os.utime(source.path)
        folder.driver.unlink()
        return BegunRun(
            template=begun.template,
            orders=begun.orders,
            run_date=begun.run_date,
            layout=begun.layout,
            driver_of=earlier.driver_of,
            positions=positions,
            host=begun.host,
        )

    async def _begin(self, folder: RunFolder, begun: BegunRun, lock: int) -> None:
        attempt = self._attempt(folder, begun)
        # Written before the engine starts: a run that is found may not have begun, one that has begun is found.
        folder.begin(begun)
        await self.place.launcher.begin(attempt, lock)

    def _attempt(self, folder: RunFolder, begun: BegunRun) -> Attempt:
        place = self.place
        run = Run(
            package=place.packages.of(place.design(begun.template), begun.template),
            driver=place.work.of(begun.driver_of).driver,
            run_date=begun.run_date,
            positions=begun.positions,
        )
        return place.attempt(folder, run)

    # ---------------------------------------------------------------- looking

    async def _seen(self, folder: RunFolder, begun: BegunRun) -> Underway | SubmissionOutcome:
        with _held(folder) as lock:
            attempts = folder.attempts()
            ended = attempts[-1].ended() if attempts else None
            if ended is None and lock is None:
                return self._underway(f"the engine is at work on {begun.orders} customers")
            if not attempts:
                return await self._begun_again(folder, begun, lock)
            verdict = await asyncio.to_thread(verdict_of, attempts[-1], ended, self.place.settings)
            if verdict.was_lost and len(attempts) < self.place.settings.attempts:
                _forget_the_key(attempts[-1])
                return await self._begun_again(folder, begun, lock)
        return self._outcome(begun, attempts, verdict)

    async def _begun_again(self, folder: RunFolder, begun: BegunRun, lock: int | None) -> Underway:
        if lock is not None:
            self.place.launcher.check()
            await self.place.launcher.begin(self._attempt(folder, begun), lock)
        return self._underway("the engine was lost before it came to its end, and begins again")

    def _outcome(self, begun: BegunRun, attempts: Sequence[Attempt], verdict: Verdict) -> SubmissionOutcome:
        if verdict.was_lost:
            left_out = TransientError(f"{verdict.failure}; it was begun {len(attempts)} times")
            return SubmissionOutcome(made=_nothing(), left_out=left_out, detail=verdict.detail)
        if verdict.failure is not None:
            if verdict.was_not_started:
                # Once the program is mended, the next look begins anew.
                shutil.rmtree(attempts[-1].path, ignore_errors=True)
            raise _whole_failure(verdict.failure, verdict, begun)
        delivery = Delivery(
            attempt=attempts[-1],
            design=self.place.design(begun.template),
            template=begun.template,
            settings=self.place.settings,
        )
        return SubmissionOutcome(
            made=self._made(begun, results_of(delivery)),
            left_out=skipped(begun.template, verdict.messages),
            detail=verdict.detail,
        )

    async def _made(self, begun: BegunRun, results: Iterator[Result]) -> AsyncIterator[Made]:
        order_at = _orders_by_number(begun, numbered_anew=self.place.settings.customer_list_numbers == "of_run")
        while part := await asyncio.to_thread(lambda: list(islice(results, _READ_AT_ONCE))):
            for name, result in part:
                yield Made(key=_key(name, order_at), result=result)

    def _underway(self, said: str) -> Underway:
        return Underway(said=said, look_again_after=self.place.settings.look_again_after)

    def _gone(self, reference: str) -> TransientError | PermanentError:
        if reference != socket.gethostname():
            return TransientError(f"the run lies in the work folder of {reference}: share `work_folder` among workers")
        return PermanentError(
            "the folder of the engine's run is gone, and with it what it made: have it composed again"
        )


@contextmanager
def _held(folder: RunFolder) -> Generator[int | None]:
    """Hold the run for the block, unless it is alive; a wrapper that is started within goes on holding it."""
    lock = folder.lock()
    try:
        yield lock
    finally:
        if lock is not None:
            os.close(lock)


def _whole_failure(failure: ConnectorError, verdict: Verdict, begun: BegunRun) -> ConnectorError:
    """Say what to do where one customer may have stopped the run, and would stop it whenever it is begun again."""
    if begun.orders == 1 or not verdict.may_lie_in_one_customer:
        return failure
    return PermanentError(
        f"{failure}. One customer may have stopped all {begun.orders}, and will again: correct what the messages name, "
        "or have the engine skip such customers by `extra_switches`, as `MSG=3004,E,3,10` does for message 3004, or "
        "let fewer go into one run by `orders_per_submission`"
    )


def _receipt(begun: BegunRun) -> SubmissionReceipt:
    detail = {"host": begun.host, "customers": str(begun.orders)}
    if begun.positions is not None:
        detail["customers_of"] = begun.driver_of
    return SubmissionReceipt(reference=begun.host, detail=detail)


def _in_the_driver(earlier: BegunRun, positions: Sequence[int]) -> list[int]:
    """Return where orders of an earlier submission stand in the driver that it used; 0 for what stood nowhere."""
    if earlier.positions is None:
        return list(positions)
    known = dict(enumerate(earlier.positions, 1))
    return [known.get(position, 0) for position in positions]


def _orders_by_number(begun: BegunRun, *, numbered_anew: bool) -> dict[int, int] | None:
    """Return where the order of each customer's number stands in the submission; None where it is the same."""
    if begun.positions is None:
        return None
    at = {position: order for order, position in enumerate(begun.positions, 1)}
    if not numbered_anew:
        return at
    return {number: at[position] for number, position in enumerate(sorted(at), 1)}


def _key(name: Name, order_at: Mapping[int, int] | None) -> Name:
    """Return by what a customer's order is known; for a number of none of ours, one that no order has."""
    if order_at is None or isinstance(name, str):
        return name
    return order_at.get(name, -name)


def _forget_the_key(attempt: Attempt) -> None:
    with suppress(FileNotFoundError):
        attempt.control_file.unlink()


async def _nothing() -> AsyncIterator[Made]:
    for made in ():
        yield made
