"""Settings of a connection to an archive in a folder."""

from pathlib import Path

from xconnector.contract.settings import ConnectorSettings


class ContentArchiveSettings(ConnectorSettings):
    """Where the archive lies."""

    folder: Path
    """Folder of the archive, on a file system with hard links. A relative path starts at the project and is made when
    missing; an absolute one must exist, so that nothing is written below an unmounted share."""
