"""The engine in the role of a composer: while we wait, or by runs of its own."""

import asyncio
from collections.abc import AsyncIterable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from xconnector.connectors.exstream.driver.encoding import driver_of, encoder_of
from xconnector.connectors.exstream.driver.key import key_of
from xconnector.connectors.exstream.engine.awaited import compose_awaited
from xconnector.connectors.exstream.engine.place import Place
from xconnector.connectors.exstream.engine.settings import EngineSettings
from xconnector.connectors.exstream.engine.submissions import Submissions
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.submission import Submission, SubmissionOutcome, SubmissionReceipt, Underway

_SWEPT_EVERY = timedelta(hours=1)
"""How often at most a run that somebody waits for also clears up: the folder may be large, and shared."""


class EngineComposer:
    """Starts the engine program; nothing is kept open between its runs."""

    def __init__(self, settings: EngineSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._place = Place.of(settings, surroundings)
        self._submissions = Submissions(place=self._place)
        self._swept_at = datetime.min.replace(tzinfo=UTC)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        """Runs that nobody waits for go on."""

    async def check(self) -> None:
        """Find the program, the folders, and every design's package, without starting the engine: it costs a licence.

        Raises one of the four errors.
        """
        self._place.check()
        self._place.check_packages()

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        """Compose by one start of the engine for all orders of a template and a date.

        Where the engine stops as a whole, halves of the orders are composed by themselves until the customer is found.
        """
        try:
            await self._sweep_once_in_a_while()
        except ConnectorError as error:
            return [error for _ in orders]
        return await compose_awaited(self._place, orders)

    def driver(self, orders: Sequence[Order]) -> bytes:
        return driver_of(self._place.designs, orders)

    def submits(self, template: str, *, of_run: bool) -> bool:
        del template  # the engine makes all of them either way
        return self._settings.submits_runs if of_run else self._settings.submits_events

    @property
    def orders_per_submission(self) -> int:
        return self._settings.orders_per_submission

    def admit(self, order: Order) -> str | None:
        design = self._place.design(order.template)
        if design.package is None:
            raise PermanentError(f"template {order.template!r}: name its package file in its exstream.yaml")
        encoder_of(design).single(order)
        return key_of(design, order)

    async def submit(self, submission: Submission, orders: AsyncIterable[Order]) -> SubmissionReceipt:
        """Begin a run of the engine that outlives this worker. Raises one of the errors; nothing has begun then."""
        await self._sweep()
        return await self._submissions.submit(submission, orders)

    async def find(self, submission: Submission) -> SubmissionReceipt | None:
        return self._submissions.find(submission)

    async def look(self, submission: Submission, reference: str) -> Underway | SubmissionOutcome:
        return await self._submissions.look(submission, reference)

    async def _sweep_once_in_a_while(self) -> None:
        if datetime.now(UTC) - self._swept_at > _SWEPT_EVERY:
            await self._sweep()

    async def _sweep(self) -> None:
        """Remove folders whose time has passed. Raises one of the errors where the work folder is of no use."""
        self._swept_at = datetime.now(UTC)
        await asyncio.to_thread(self._place.work.sweep, self._swept_at)
