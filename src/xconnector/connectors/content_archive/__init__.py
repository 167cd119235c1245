"""An archive in a folder: documents under their SHA-256, read-only, one pack for what arrives together."""

from typing import TYPE_CHECKING

from xconnector.connectors.content_archive.settings import ContentArchiveSettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings

if TYPE_CHECKING:
    from xconnector.connectors.content_archive.archive import ContentArchive


def _archive(settings: ContentArchiveSettings, surroundings: Surroundings) -> "ContentArchive":
    from xconnector.connectors.content_archive.archive import ContentArchive

    return ContentArchive(settings, surroundings)


MANIFEST = Manifest(
    name="content_archive",
    summary="Keeps documents in a folder under their SHA-256, read-only, with one pack for what arrives together.",
    settings=ContentArchiveSettings,
    stability=Stability.STABLE,
    archive=_archive,
)
