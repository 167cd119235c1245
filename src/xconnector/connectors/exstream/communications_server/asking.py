"""The composer that asks: one request for each order, so many at a time, each failing alone."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self, cast

from xconnector.connectors.exstream.communications_server.broker import Broker
from xconnector.connectors.exstream.communications_server.gateway import Gateway
from xconnector.connectors.exstream.communications_server.settings import BrokerService, GatewayService
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.designs import design_of
from xconnector.connectors.exstream.driver.encoding import driver_of
from xconnector.connectors.exstream.outputs import QueueOutput, composition_of
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.lifecycle import Connector
from xconnector.contract.manifest import Surroundings


class _Door(Connector, Protocol):
    async def outputs_of(self, order: Order, design: ExstreamDesign) -> list[QueueOutput]: ...


class AskingComposer:
    """Composes through the Service Gateway or the Service Broker while we wait."""

    def __init__(self, service: GatewayService | BrokerService, surroundings: Surroundings) -> None:
        self._door = _door(service, surroundings)
        self._engine = f"Exstream Communications Server by its Service {service.kind.capitalize()}"
        self._designs = cast("Mapping[str, ExstreamDesign]", surroundings.designs)
        self._free = asyncio.Semaphore(service.parallel)

    async def __aenter__(self) -> Self:
        await self._door.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._door.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        await self._door.check()

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        return await asyncio.gather(*(self._result(order) for order in orders))

    def driver(self, orders: Sequence[Order]) -> bytes:
        return driver_of(self._designs, orders)

    async def _result(self, order: Order) -> Composition | ConnectorError:
        try:
            return await self._composed(order)
        except ConnectorError as error:
            return error

    async def _composed(self, order: Order) -> Composition:
        design = design_of(self._designs, order.template)
        async with self._free:
            outputs = await self._door.outputs_of(order, design)
        # Counting the pages of a PDF takes long enough to hold others up.
        return await asyncio.to_thread(
            composition_of, outputs, design, template=order.template, kinds=order.kinds, engine=self._engine
        )


def _door(service: GatewayService | BrokerService, surroundings: Surroundings) -> _Door:
    if isinstance(service, GatewayService):
        return Gateway(service, project_folder=surroundings.project_folder)
    return Broker(service, project_folder=surroundings.project_folder)
