"""Tells source systems what became of their communications, as signed CloudEvents over HTTP."""

from xconnector.connectors.cloudevents_http.settings import CloudEventsSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.write_back import WriteBackTarget


def _open_target(settings: CloudEventsSettings, surroundings: Surroundings) -> WriteBackTarget:
    from xconnector.connectors.cloudevents_http.target import CloudEventsTarget

    return CloudEventsTarget(settings, surroundings)


MANIFEST = Manifest(
    name="cloudevents_http",
    summary="Tells source systems what became of their communications, as signed CloudEvents over HTTP.",
    settings=CloudEventsSettings,
    stability=Stability.EXPERIMENTAL,
    write_back=_open_target,
)
