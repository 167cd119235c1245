"""The customer portal: publishes letters to xConnector's own portal."""

from xconnector.connectors.portal.settings import PortalSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: PortalSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.portal.channel import PortalChannel

    del surroundings  # it keeps nothing
    return PortalChannel(settings)


MANIFEST = Manifest(
    name="portal",
    summary="Publishes letters to the customer portal.",
    settings=PortalSettings,
    stability=Stability.STABLE,
    channel=_open_channel,
    medium=Medium.PORTAL,
)
