"""Drafts: documents that people edit in Empower before they are final."""

import asyncio
from dataclasses import replace

from xconnector.connectors.exstream.cloud.designs import Designs
from xconnector.connectors.exstream.cloud.empower import Empower
from xconnector.connectors.exstream.cloud.empower_settings import EmpowerSettings
from xconnector.connectors.exstream.cloud.on_demand import communication_of
from xconnector.connectors.exstream.cloud.orchestration import Orchestration
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.connectors.exstream.outputs import composition_of
from xconnector.contract.composer import Composition, Order
from xconnector.contract.drafts import Draft


class Drafts:
    """Makes drafts by `generate` for an Empower user, and documents of them by fulfilment."""

    def __init__(
        self, orchestration: Orchestration, empower: Empower, settings: EmpowerSettings, designs: Designs
    ) -> None:
        self._orchestration = orchestration
        self._empower = empower
        self._fulfilment = settings.fulfilment
        self._designs = designs

    async def draft(self, order: Order, design: ExstreamDesign) -> Draft:
        """Make a draft of an order and say where it is edited. Raises one of the four errors."""
        await self._designs.allows(order.template, design)
        communication = communication_of(design, order.template)
        source = await self._designs.data_source_of(order.template, design)
        encoder = encoder_of(design)
        reference = await self._orchestration.draft(
            communication, source, encoder.single(order), media_type=encoder.media_type
        )
        return Draft(reference=reference, link=self._empower.link(reference))

    async def finish(self, reference: str, order: Order, design: ExstreamDesign, *, engine: str) -> Composition:
        """Return the documents that a draft has become. It is kept in Empower, so that they can be made again.

        Raises one of the four errors: OutcomeUnknownError when the answer is lost of a flow that may send.
        """
        fulfils = self._fulfilling(design)
        made = await self._orchestration.fulfill(
            [reference],
            communication_of(fulfils, order.template),
            await self._designs.data_source_of(order.template, fulfils),
            preserve=True,
            may_send=not self._fulfilment.only_composes,
        )
        composition = await asyncio.to_thread(
            composition_of, made.outputs, design, template=order.template, kinds=order.kinds, engine=f"{engine}, edited"
        )
        return replace(composition, detail=made.ids)

    async def discard(self, reference: str) -> None:
        """Delete a draft; one that is gone already is no error. Raises one of the four errors."""
        await self._empower.delete(reference)

    def _fulfilling(self, design: ExstreamDesign) -> ExstreamDesign:
        """Return the design whose flow fulfils: the draft's own, unless the connection names another."""
        named = self._fulfilment
        if named.communication is None:
            return design
        return design.model_copy(update={"communication": named.communication, "data_source": named.data_source})
