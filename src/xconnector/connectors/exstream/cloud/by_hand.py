"""What no service tells, so that somebody who knows the installation must say it in the settings.

The questions are those that public documentation leaves open. One that the settings or the project answer is left out.
"""

from collections.abc import Iterator, Sequence

from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.cloud.tracking_settings import TrackingSettings
from xconnector.contract.designs import KeptDesign
from xconnector.contract.probing import ByHand


def set_by_hand(settings: CloudSettings, designs: Sequence[KeptDesign]) -> list[ByHand]:
    """Return what is still to be said; `designs` are those of the project as far as they could be read."""
    return [*_on_demand(settings), *_designs(settings, designs), *_batch(settings), *_beside(settings)]


def _on_demand(settings: CloudSettings) -> Iterator[ByHand]:
    if settings.csrf is None:
        yield ByHand(setting="csrf", why="whether HTTP inputs want a csrfToken cookie besides the sign-in, and where")
    if not settings.orchestration.on_demand.variables:
        yield ByHand(
            setting="orchestration.on_demand.variables",
            why="the syntax of exstream-variable headers is unpublished; needed only where flows have variables",
        )
    yield ByHand(
        setting="orchestration.on_demand.parallel",
        why="how many engines there are (MAX_CONCURRENT_ENGINE_PROCESSES): what is beyond waits without a word",
    )
    yield ByHand(setting="limits.timeout", why="limits of rate, body size and time are told by no service")


def _designs(settings: CloudSettings, designs: Sequence[KeptDesign]) -> Iterator[ByHand]:
    unfed = [template for design in designs if design.data_source is None for template in design.templates]
    for template in unfed:
        yield ByHand(
            setting=f"templates/{template}/exstream.yaml: data_source", why="nothing could be found that feeds it"
        )
    if settings.design is None:
        yield ByHand(setting="design", why="without the Design service each exstream.yaml names its own `data_source`")
    yield ByHand(
        setting="templates/*/exstream.yaml: outputs",
        why="which output queue holds which rendition is the designers' choice",
    )


def _batch(settings: CloudSettings) -> Iterator[ByHand]:
    if settings.batch is None:
        yield ByHand(setting="batch", why="runs go on demand; to submit them as batches, where do the engines write?")
        return
    yield ByHand(setting="batch.words", why="status words of jobs other than started and complete are unpublished")
    yield ByHand(setting="batch.outputs", why="mount, layout and encoding of the outputs differ by version")
    yield ByHand(
        setting="templates/*/exstream.yaml: key", why="the names of keys in the delivery file are the designers' choice"
    )
    if not settings.batch.flow_only_composes:
        yield ByHand(
            setting="batch.flow_only_composes",
            why="only who knows the flows can say that a job begun twice harms nobody",
        )


def _beside(settings: CloudSettings) -> Iterator[ByHand]:
    if settings.empower is not None:
        if settings.orchestration.on_demand.empower_user is None:
            yield ByHand(setting="orchestration.on_demand.empower_user", why="the account under which drafts are kept")
        if not settings.empower.fulfilment.only_composes:
            yield ByHand(
                setting="empower.fulfilment.only_composes", why="only who knows the flow can say that it sends nothing"
            )
    if settings.tracking.communication == TrackingSettings().communication:
        yield ByHand(
            setting="tracking.communication",
            why="which field of tracking events carries our id is the designers' choice",
        )
