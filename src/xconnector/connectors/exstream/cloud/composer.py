"""The composer that a connection to a cloud-native Exstream is."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from xconnector.connectors.exstream.cloud.client import CloudClient
from xconnector.connectors.exstream.cloud.design_service import DesignService
from xconnector.connectors.exstream.cloud.designs import Designs
from xconnector.connectors.exstream.cloud.drafts import Drafts
from xconnector.connectors.exstream.cloud.empower import Empower
from xconnector.connectors.exstream.cloud.on_demand import OnDemandComposer, engine_of
from xconnector.connectors.exstream.cloud.orchestration import Orchestration
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.cloud.tracking import TrackingReader
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composition, Order
from xconnector.contract.designs import DesignMove, KeptDesign
from xconnector.contract.drafts import Draft
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.contract.manifest import Surroundings
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
        orchestration = Orchestration(self._client, settings.orchestration)
        self._version = _KnownVersion(orchestration)
        self._known_designs = _known_designs(self._client, settings, self._designs)
        self._on_demand = OnDemandComposer(orchestration, settings.orchestration.on_demand, self._known_designs)
        self._drafts = _drafts(self._client, settings, orchestration, self._known_designs)
        self._tracking = TrackingReader(settings.tracking)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Sign in and read the version. Raises TransientError or MisconfiguredError."""
        try:
            await self._client.sign_in()
            await self._version.read()
        except PermanentError as refusal:
            raise MisconfiguredError(str(refusal)) from None

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        if not orders:
            return []
        try:
            version = await self._version.known()
        except ConnectorError as error:
            return [error] * len(orders)
        return await asyncio.gather(*(self._composed(order, version) for order in orders))

    async def _composed(self, order: Order, version: str) -> Composition | ConnectorError:
        try:
            design = self._design_of(order)
        except PermanentError as error:
            return error
        return await self._on_demand.made(order, design, engine=self._engine_of(design, version))

    # ---------------------------------------------------------------- abilities beside composing

    async def designs(self, *, state: str | None) -> Sequence[KeptDesign]:
        return await self._known_designs.designs(state=state)

    async def move_design(self, design: str, target: str, *, comment: str, person: str) -> DesignMove:
        return await self._known_designs.move_design(design, target, comment=comment, person=person)

    async def draft(self, order: Order) -> Draft:
        return await self._editing().draft(order, self._design_of(order))

    async def finish(self, reference: str, order: Order) -> Composition:
        design = self._design_of(order)
        engine = self._engine_of(design, await self._version.known())
        return await self._editing().finish(reference, order, design, engine=engine)

    async def discard(self, reference: str) -> None:
        await self._editing().discard(reference)

    def read_reports(self, headers: Mapping[str, str], body: bytes) -> Sequence[DeliveryEvent]:
        del headers  # all of it stands in the body
        return self._tracking.read(body)

    def _editing(self) -> Drafts:
        if self._drafts is None:
            raise MisconfiguredError("the connection does not say where Empower is: give `empower: {url: …}`")
        return self._drafts

    def _design_of(self, order: Order) -> ExstreamDesign:
        design = self._designs.get(order.template)
        if design is None:
            known = ", ".join(sorted(self._designs)) or "none"
            raise PermanentError(f"there is no exstream.yaml for template {order.template!r}; there is for: {known}")
        return design

    def _engine_of(self, design: ExstreamDesign, version: str) -> str:
        return engine_of(design, version=version, domain=self._settings.orchestration.domain)


def _known_designs(client: CloudClient, settings: CloudSettings, designs: Mapping[str, ExstreamDesign]) -> Designs:
    if settings.design is None:
        return Designs(None, None, designs)
    service = DesignService(client, settings.design, domain=settings.orchestration.domain)
    return Designs(service, settings.design, designs)


def _drafts(
    client: CloudClient, settings: CloudSettings, orchestration: Orchestration, designs: Designs
) -> Drafts | None:
    if settings.empower is None:
        return None
    return Drafts(orchestration, Empower(client, settings.empower), settings.empower, designs)
