"""The house that all services of the stand-in share: its designs, its composer, its faults, and what it has seen."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from xconnector.contract.composer import Composer, Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import manifest
from xconnector.domain.document import RenditionKind
from xconnector.sandbox.exstream.customers import ComposedCustomer, UncomposedCustomer, files_of, key_of, order_of
from xconnector.sandbox.exstream.designs import HouseDesign, read_designs
from xconnector.sandbox.exstream.drafts import Drafts
from xconnector.sandbox.exstream.drivers import customers_of
from xconnector.sandbox.exstream.engines import Engines
from xconnector.sandbox.exstream.faults import Faults
from xconnector.sandbox.exstream.seen import Seen
from xconnector.sandbox.exstream.sign_ins import Credentials, SignIns

_MOST_BATCHES = 4
"""Runs whose customers are held in memory at once; others take turns with them."""
_MOST_DROPPED = 100_000


class ExstreamHouse:
    """What a project's Exstream would be: entered, it composes real documents with the embedded composer.

    Its designs are those of `PROJECT/templates/*/exstream.yaml`, and the templates beside them say what they
    look like. `output` is the file system that batch jobs write to.
    """

    def __init__(
        self,
        project: Path,
        output: Path,
        *,
        domain: str = "sandbox",
        mount: str = "/mnt/exstream",
        credentials: Credentials | None = None,
        faults: Faults | None = None,
    ) -> None:
        """Read the designs. `mount` is what the engines call `output`. Raises UnreadableDesignError."""
        self.project = project.resolve()
        self.output = output.resolve()
        self.domain = domain
        self.mount = mount
        self.designs: Mapping[str, HouseDesign] = read_designs(self.project)
        self.faults = faults or Faults()
        self.seen = Seen()
        self.sign_ins = SignIns(credentials or Credentials())
        self.drafts = Drafts()
        self.csrf_token = ""
        self.batch_places = asyncio.Semaphore(_MOST_BATCHES)
        self.engines = Engines(lambda: self.faults.max_engines, seen=self.seen.engines)
        self._first_faults = self.faults
        self._dropped: OrderedDict[str, str] = OrderedDict()
        self._resets: list[Callable[[], None]] = []
        self._background: set[asyncio.Task[None]] = set()
        self._exits = AsyncExitStack()
        self._composer: Composer | None = None

    async def __aenter__(self) -> Self:
        embedded = manifest("embedded")
        assert embedded.composer is not None
        surroundings = Surroundings(project_folder=self.project, state_folder=self.output / ".composer")
        composer = embedded.composer(embedded.settings(), surroundings)
        self._composer = await self._exits.enter_async_context(composer)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._exits.aclose()
        self._composer = None

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on that no caller waits for; it ends with the house."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # ---------------------------------------------------------------- designs

    def design_of_communication(self, communication: str) -> HouseDesign | None:
        """Return the design with this id in the Design service."""
        wanted = communication.strip().lower()
        return next((design for design in self.designs.values() if design.communication == wanted), None)

    def designs_of_batch_channel(self, channel: str) -> Sequence[HouseDesign]:
        """Return the designs whose published flow models use a batch input."""
        return [design for design in self.designs.values() if design.settings.batch_channel == channel]

    def design_of_on_demand_channel(self, channel: str) -> HouseDesign | None:
        return next((one for one in self.designs.values() if one.settings.on_demand_channel == channel), None)

    def design_of_package(self, package: str) -> HouseDesign | None:
        """Return the design that is packaged under this name; folders before it do not count."""
        wanted = package.replace("\\", "/").rpartition("/")[2]
        return next((design for design in self.designs.values() if design.settings.package == wanted), None)

    def design_of_service(self, name: str, version: str | None = None) -> HouseDesign | None:
        """Return the design behind a service of the Communications Server; any version where none is asked for."""
        for design in self.designs.values():
            service = design.settings.service
            if service is not None and service.name == name and version in {None, service.version}:
                return design
        return None

    # ---------------------------------------------------------------- composing

    def customers(self, design: HouseDesign, driver: BinaryIO) -> Iterator[dict[str, Any]]:
        """Yield what a driver file says of each customer, as the design's layout has it; streamed.

        Raises UnreadableDriverError.
        """
        return customers_of(design.settings.driver, driver)

    async def compose(
        self, template: str, customers: Sequence[Mapping[str, Any]], *, numbers: Sequence[int] | None = None
    ) -> list[ComposedCustomer | UncomposedCustomer]:
        """Return what becomes of each customer: files of all queues that can be made, or why there is none.

        `numbers` are their positions in the run; left out, they are counted from 1. Give a few hundred customers at
        a time: they are composed side by side.
        """
        design = self.designs[template]
        orders = [order_of(design, data) for data in customers]
        results = await self._compositions(orders)
        return [
            _customer(design, number, key_of(design, order.data), result)
            for number, order, result in zip(numbers or range(1, len(orders) + 1), orders, results, strict=True)
        ]

    async def _compositions(self, orders: Sequence[Order]) -> list[Composition | ConnectorError]:
        assert self._composer is not None, "the house has not been entered"
        results = list(await self._composer.compose(orders))
        for position, (order, result) in enumerate(zip(orders, results, strict=True)):
            if isinstance(result, ConnectorError) and len(order.kinds) > 1:
                results[position] = await self._without_what_fails(order, result)
        return results

    async def _without_what_fails(self, order: Order, refused: ConnectorError) -> Composition | ConnectorError:
        """Compose each queue for itself: one that cannot be made leaves the others alone, unless it is the letter."""
        assert self._composer is not None
        alone = [replace(order, kinds=frozenset({kind})) for kind in sorted(order.kinds)]
        made = [one for one in await self._composer.compose(alone) if isinstance(one, Composition)]
        renditions = tuple(rendition for one in made for rendition in one.renditions)
        if not any(rendition.kind is RenditionKind.LETTER for rendition in renditions):
            return refused
        return Composition(renditions=renditions, engine=made[0].engine)

    # ---------------------------------------------------------------- faults

    def strikes(self, fault: str) -> bool:
        """Say whether a fault that counts strikes now, and count it down."""
        left = int(getattr(self.faults, fault))
        if left > 0:
            self.faults = self.faults.changed({fault: left - 1})
        return left > 0

    def skips(self, key: str | None, number: int, *, submission: str, of_run: bool) -> bool:
        """Say whether the engine skips a customer, as engines may do without a word.

        `submission` is the SHA-256 of its driver. Who was skipped in another one is composed, unless `drop_always`.
        """
        if not self._is_unlucky(key, number, of_run=of_run):
            return False
        name = key or f"{submission} {number}"
        skipped_in = self._dropped.setdefault(name, submission)
        if len(self._dropped) > _MOST_DROPPED:
            self._dropped.popitem(last=False)
        return self.faults.drop_always or skipped_in == submission

    def _is_unlucky(self, key: str | None, number: int, *, of_run: bool) -> bool:
        rate = self.faults.drop_per_thousand if of_run else 0
        # Spread evenly: of any thousand in a row, so many.
        by_rate = (number * rate + 500) // 1000 > ((number - 1) * rate + 500) // 1000
        return by_rate or (key is not None and key in self.faults.drop_keys)

    async def change_faults(self, told: dict[str, Any]) -> Faults:
        """Set some faults anew. Raises ValidationError for a name or value that is none."""
        self.faults = self.faults.changed(told)
        await self.engines.changed()
        return self.faults

    def when_reset(self, begin_afresh: Callable[[], None]) -> None:
        """Let a service begin afresh with the house."""
        self._resets.append(begin_afresh)

    async def reset(self) -> None:
        """Forget what was seen, kept, and skipped, and behave as in the beginning.

        What is still being composed for somebody who has gone away is waited for: it belongs to what was.
        """
        self.faults = self._first_faults
        await self.engines.changed()
        await self.engines.idle()
        self.seen.clear()
        self.drafts.clear()
        self._dropped.clear()
        for begin_afresh in self._resets:
            begin_afresh()


def _customer(
    design: HouseDesign, number: int, key: str | None, result: Composition | ConnectorError
) -> ComposedCustomer | UncomposedCustomer:
    if isinstance(result, ConnectorError):
        return UncomposedCustomer(number=number, key=key, reason=str(result))
    return ComposedCustomer(number=number, key=key, files=tuple(files_of(design, number, key, result)))
