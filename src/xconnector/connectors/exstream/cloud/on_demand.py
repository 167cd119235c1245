"""Composing while we wait: each communication is one request, so many at a time as the service is to take."""

import asyncio
from dataclasses import replace
from typing import Final
from uuid import UUID

from xconnector.connectors.exstream.cloud.designs import Designs
from xconnector.connectors.exstream.cloud.orchestration import Generated, Orchestration
from xconnector.connectors.exstream.cloud.settings import OnDemand
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.connectors.exstream.outputs import composition_of
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.document import RenditionKind

_FEW: Final = 3
"""Failures in a row that are an outage at the least."""
_LETTER_ALONE: Final = frozenset({RenditionKind.LETTER})


class Outage:
    """Whether it is worth asking for the orders of one call that are left.

    Begins when so many in a row came to nothing as are made at a time: a dead service would otherwise cost a time-out
    for each of hundreds.
    """

    def __init__(self, *, after: int) -> None:
        self._after = after
        self._in_a_row = 0
        self.error: ConnectorError | None = None
        """What all that are left come to; None as long as the service is believed to be well."""

    def note(self, result: Composition | ConnectorError) -> None:
        if not isinstance(result, TransientError | MisconfiguredError):
            self._in_a_row = 0
            return
        self._in_a_row += 1
        if self._in_a_row >= self._after:
            self.error = result


class OnDemandComposer:
    """Composes single communications by `generate`, or by the on-demand channel that their design names."""

    def __init__(self, orchestration: Orchestration, settings: OnDemand, designs: Designs) -> None:
        self._orchestration = orchestration
        self._settings = settings
        self._designs = designs
        self._places = asyncio.Semaphore(settings.parallel)

    def watch(self) -> Outage:
        """Return what watches over the orders of one call."""
        return Outage(after=max(_FEW, self._settings.parallel))

    async def made(
        self, order: Order, design: ExstreamDesign, *, engine: str, outage: Outage
    ) -> Composition | ConnectorError:
        """Return what became of an order. Others wait while `parallel` of them are being made."""
        async with self._places:
            if outage.error is not None:
                return outage.error
            result = await self._made(order, design, engine)
        outage.note(result)
        return result

    async def _made(self, order: Order, design: ExstreamDesign, engine: str) -> Composition | ConnectorError:
        try:
            made = await self._generated(order, design)
            # Pages are counted beside the loop: a large letter would hold up every other request.
            composition = await asyncio.to_thread(
                composition_of, made.outputs, design, template=order.template, kinds=order.kinds, engine=engine
            )
        except ConnectorError as error:
            return error
        return replace(composition, detail=made.ids)

    async def _generated(self, order: Order, design: ExstreamDesign) -> Generated:
        await self._designs.allows(order.template, design)
        encoder = encoder_of(design)
        driver = encoder.single(order)
        letter = design.outputs.get(RenditionKind.LETTER)
        if design.on_demand_channel is not None:
            queue = letter.queue if letter is not None else None
            return await self._orchestration.run_channel(
                design.on_demand_channel, driver, queue=queue, media_type=encoder.media_type
            )
        communication = communication_of(design, order.template)
        source = await self._designs.data_source_of(order.template, design)
        if self._settings.raw_letters and order.kinds == _LETTER_ALONE and letter is not None:
            return await self._orchestration.generate_letter(
                communication, source, driver, queue=letter.queue, media_type=encoder.media_type
            )
        return await self._orchestration.generate(communication, source, driver, media_type=encoder.media_type)


def communication_of(design: ExstreamDesign, template: str) -> UUID:
    """Return the design's id in the Design service. Raises PermanentError where the project does not say it."""
    if design.communication is None:
        raise PermanentError(
            f"template {template!r}: its exstream.yaml names neither `communication` nor `on_demand_channel`"
        )
    return design.communication


def engine_of(design: ExstreamDesign, *, version: str, domain: str) -> str:
    """Return what made a document, as it is kept with the approval."""
    if design.on_demand_channel is not None:
        return f"Exstream {version} domain {domain} channel {design.on_demand_channel}"
    return f"Exstream {version} domain {domain} communication {design.communication}"


def engine_of_batch(design: ExstreamDesign, *, version: str, domain: str) -> str:
    """Return what made a document of a run, as it is kept with the approval."""
    return f"Exstream {version} domain {domain} batch channel {design.batch_channel}"
