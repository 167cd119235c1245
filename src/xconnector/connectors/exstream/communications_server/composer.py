"""The composer behind whichever door the settings name."""

from xconnector.connectors.exstream.communications_server.asking import AskingComposer
from xconnector.connectors.exstream.communications_server.directory import DirectoryComposer
from xconnector.connectors.exstream.communications_server.settings import (
    CommunicationsServerSettings,
    DirectoryService,
)
from xconnector.contract.composer import Composer
from xconnector.contract.manifest import Surroundings


def open_composer(settings: CommunicationsServerSettings, surroundings: Surroundings) -> Composer:
    """Return the composer, still to be entered; by a directory it takes submissions only."""
    service = settings.service
    if isinstance(service, DirectoryService):
        return DirectoryComposer(service, surroundings)
    return AskingComposer(service, surroundings)
