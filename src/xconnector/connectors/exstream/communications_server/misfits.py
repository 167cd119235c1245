"""What a design file lacks for a Communications Server."""

from collections.abc import Iterator

from xconnector.connectors.exstream.communications_server.settings import (
    BrokerService,
    CommunicationsServerSettings,
    DirectoryService,
)
from xconnector.connectors.exstream.design import ExstreamDesign, Service
from xconnector.contract.manifest import DesignUse, Misfit
from xconnector.domain.document import RenditionKind


def server_misfits(settings: CommunicationsServerSettings, design: ExstreamDesign, use: DesignUse) -> Iterator[Misfit]:
    """Yield what keeps this door from composing by the design."""
    del use  # a server takes both
    match settings.service:
        case DirectoryService():
            return
        case BrokerService():
            yield from _of_broker(design)
        case _ if design.service is None:
            yield Misfit(
                place=(), message="no `service` composes it", remedy="name it, such as `service: policy_issued`"
            )
        case _:
            return


def _of_broker(design: ExstreamDesign) -> Iterator[Misfit]:
    """A service answers with one document: each rendition needs its own."""
    taken: dict[tuple[str, str], RenditionKind] = {}
    for kind, output in design.outputs.items():
        service: Service | None = output.service or design.service
        place = ("outputs", kind.value, "service")
        remedy = f"name one that answers with the {kind.value} alone under `outputs.{kind.value}.service`"
        if service is None:
            yield Misfit(place=place, message=f"no `service` composes the {kind.value}", remedy=remedy)
        elif (other := taken.setdefault((service.name, service.version), kind)) is not kind:
            message = f"{other.value} and {kind.value} ask the same service, which answers with one document"
            yield Misfit(place=place, message=message, remedy=remedy)
