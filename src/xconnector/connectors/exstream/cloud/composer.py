"""The composer that a connection to a cloud-native Exstream is."""

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from xconnector.connectors.exstream.cloud.batch import Batch
from xconnector.connectors.exstream.cloud.batch_settings import BatchSettings
from xconnector.connectors.exstream.cloud.client import CloudClient
from xconnector.connectors.exstream.cloud.design_service import DesignService
from xconnector.connectors.exstream.cloud.designs import Designs
from xconnector.connectors.exstream.cloud.drafts import Drafts
from xconnector.connectors.exstream.cloud.empower import Empower
from xconnector.connectors.exstream.cloud.on_demand import OnDemandComposer, Outage, engine_of, engine_of_batch
from xconnector.connectors.exstream.cloud.orchestration import Orchestration
from xconnector.connectors.exstream.cloud.probe import Probe
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.cloud.tracking import TrackingReader
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.designs import design_of
from xconnector.connectors.exstream.driver.encoding import driver_of
from xconnector.contract.composer import Composition, Order
from xconnector.contract.designs import DesignMove, KeptDesign
from xconnector.contract.drafts import Draft
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.probing import Profile
from xconnector.contract.submission import Submission, SubmissionOutcome, SubmissionReceipt, Underway
from xconnector.domain.delivery import DeliveryEvent

_VERSION_HOLDS: Final = 300.0
"""Seconds after which the version is read again: an upgrade must show with what was made after it."""


class _KnownVersion:
    """The version of Orchestration, read again now and then."""

    def __init__(self, orchestration: Orchestration, clock: Callable[[], float] = time.monotonic) -> None:
        self._orchestration = orchestration
        self._clock = clock
        self._reading = asyncio.Lock()
        self._read: tuple[float, str] | None = None

    async def read(self) -> str:
        """Return what the service says now. Raises one of the four errors."""
        version = await self._orchestration.version()
        self._read = (self._clock(), version)
        return version

    async def known(self) -> str:
        """Return what it said a short while ago. Raises one of the four errors."""
        async with self._reading:
            if self._read is not None and self._clock() - self._read[0] < _VERSION_HOLDS:
                return self._read[1]
            return await self.read()


class ExstreamComposer:
    """Composes on demand. Opened, it is signed in with the first request."""

    def __init__(self, settings: CloudSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._designs: Mapping[str, ExstreamDesign] = {
            template: design for template, design in surroundings.designs.items() if isinstance(design, ExstreamDesign)
        }
        self._client = CloudClient(settings, project_folder=surroundings.project_folder)
        self._design_service = _design_service(self._client, settings)
        self._known_designs = Designs(self._design_service, settings.design, self._designs)
        self._orchestration = Orchestration(self._client, settings.orchestration)
        self._version = _KnownVersion(self._orchestration)
        on_demand = settings.orchestration.on_demand
        self._on_demand = OnDemandComposer(self._orchestration, on_demand, self._known_designs)
        self._empower = Empower(self._client, settings.empower) if settings.empower is not None else None
        self._tracking = TrackingReader(settings.tracking)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Sign in and have every service that is used answer. Raises TransientError or MisconfiguredError."""
        try:
            await self._client.sign_in()
            await self._version.read()
            await self._prove_services()
        except PermanentError as refusal:
            raise MisconfiguredError(str(refusal)) from None

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        if not orders:
            return []
        try:
            version = await self._version.known()
        except ConnectorError as error:
            return [error] * len(orders)
        outage = self._on_demand.watch()
        return await asyncio.gather(*(self._composed(order, version, outage) for order in orders))

    async def _composed(self, order: Order, version: str, outage: Outage) -> Composition | ConnectorError:
        try:
            design = self._design_of(order.template)
        except PermanentError as error:
            return error
        return await self._on_demand.made(order, design, engine=self._engine_of(design, version), outage=outage)

    async def _prove_services(self) -> None:
        if self._design_service is not None:
            await self._design_service.prove_domain()
        if self._empower is not None:
            await self._empower.prove_well()

    # ---------------------------------------------------------------- abilities beside composing

    def driver(self, orders: Sequence[Order]) -> bytes:
        return driver_of(self._designs, orders)

    async def designs(self, *, state: str | None) -> Sequence[KeptDesign]:
        return await self._known_designs.designs(state=state)

    async def move_design(self, design: str, target: str, *, comment: str, person: str) -> DesignMove:
        return await self._known_designs.move_design(design, target, comment=comment, person=person)

    async def draft(self, order: Order) -> Draft:
        return await self._drafts().draft(order, self._design_of(order.template))

    async def finish(self, reference: str, order: Order) -> Composition:
        design = self._design_of(order.template)
        engine = self._engine_of(design, await self._version.known())
        return await self._drafts().finish(reference, order, design, engine=engine)

    async def discard(self, reference: str) -> None:
        await self._drafts().discard(reference)

    def read_reports(self, headers: Mapping[str, str], body: bytes) -> Sequence[DeliveryEvent]:
        del headers  # all of it stands in the body
        return self._tracking.read(body)

    async def probe(self) -> Profile:
        return await Probe(self._client, self._settings).profile(self._known_designs.of_project)

    def _drafts(self) -> Drafts:
        if self._empower is None or self._settings.empower is None:
            raise MisconfiguredError("the connection does not say where Empower is: give `empower: {url: …}`")
        return Drafts(self._orchestration, self._empower, self._settings.empower, self._known_designs)

    def _design_of(self, template: str) -> ExstreamDesign:
        return design_of(self._designs, template)

    def _engine_of(self, design: ExstreamDesign, version: str) -> str:
        return engine_of(design, version=version, domain=self._settings.orchestration.domain)


class SubmittingComposer(ExstreamComposer):
    """Composes runs as batch jobs besides, where their designs name a channel that takes them."""

    def __init__(self, settings: CloudSettings, surroundings: Surroundings, batch: BatchSettings) -> None:
        super().__init__(settings, surroundings)
        self._batch = Batch(
            self._client,
            settings.orchestration,
            batch,
            self._designs,
            engine=self._engine_of_batch,
            project_folder=surroundings.project_folder,
            state_folder=surroundings.state_folder,
        )

    def submits(self, template: str, *, of_run: bool) -> bool:
        return self._batch.submits(template, of_run=of_run)

    @property
    def orders_per_submission(self) -> int:
        return self._batch.orders_per_submission

    def admit(self, order: Order) -> str | None:
        return self._batch.admit(order)

    async def submit(self, submission: Submission, orders: AsyncIterable[Order]) -> SubmissionReceipt:
        await self._known_designs.allows(submission.template, self._design_of(submission.template))
        return await self._batch.submit(submission, orders)

    async def find(self, submission: Submission) -> SubmissionReceipt | None:
        return await self._batch.find(submission)

    async def look(self, submission: Submission, reference: str) -> Underway | SubmissionOutcome:
        return await self._batch.look(submission, reference)

    async def _prove_services(self) -> None:
        await super()._prove_services()
        await self._batch.check()

    async def _engine_of_batch(self, template: str, design: ExstreamDesign) -> str:
        del template  # the channel stands for it
        return engine_of_batch(design, version=await self._version.known(), domain=self._settings.orchestration.domain)


def open_composer(settings: CloudSettings, surroundings: Surroundings) -> ExstreamComposer:
    """Return the composer of a connection: one that submits where `batch` says how."""
    if settings.batch is None:
        return ExstreamComposer(settings, surroundings)
    return SubmittingComposer(settings, surroundings, settings.batch)


def _design_service(client: CloudClient, settings: CloudSettings) -> DesignService | None:
    if settings.design is None:
        return None
    return DesignService(client, settings.design, domain=settings.orchestration.domain)
