"""Writes communications into a folder, for everything that has no connector of its own."""

from xconnector.connectors.folder.settings import FolderSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: FolderSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.folder.channel import FolderChannel

    return FolderChannel(settings, surroundings)


def _medium(settings: FolderSettings) -> Medium:
    return settings.medium


MANIFEST = Manifest(
    name="folder",
    summary="Writes communications and what belongs to them into a folder.",
    settings=FolderSettings,
    stability=Stability.STABLE,
    channel=_open_channel,
    medium=_medium,
)
