"""What a design file lacks for the cloud-native services."""

from collections.abc import Iterator

from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.manifest import DesignUse, Misfit


def cloud_misfits(settings: CloudSettings, design: ExstreamDesign, use: DesignUse) -> Iterator[Misfit]:
    """Yield what is missing so that events, or runs where these go on demand, can be composed."""
    if design.communication is not None or design.on_demand_channel is not None:
        return
    if use.comes_singly:
        yield _nothing_on_demand("its events come singly")
    elif design.batch_channel is None:
        yield _nothing_on_demand("it has no `batch_channel` for runs")
    elif settings.batch is None:
        yield _nothing_on_demand("the connection has no `batch`, so runs go on demand")


def _nothing_on_demand(because: str) -> Misfit:
    return Misfit(
        place=(),
        message=f"nothing composes it on demand, and {because}",
        remedy="name its `communication`, or an `on_demand_channel`",
    )
