"""Asks an OData service for things that are new, changed or removed."""

from xconnector.connectors.odata.settings import ODataSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.pull_source import PullSource


def _pull_source(settings: ODataSettings, _surroundings: Surroundings) -> PullSource:
    from xconnector.connectors.odata.source import ODataSource

    return ODataSource(settings)


MANIFEST = Manifest(
    name="odata",
    summary="Asks an OData service, version 2 or 4, for things that are new, changed or removed.",
    settings=ODataSettings,
    stability=Stability.EXPERIMENTAL,
    pull_source=_pull_source,
)
