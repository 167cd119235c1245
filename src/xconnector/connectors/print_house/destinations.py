"""Settings of the places where bundles are laid down and answers lie."""

from pathlib import Path
from typing import Literal

from xconnector.contract.settings import ConnectorSettings
from xconnector.contract.sftp_server import SftpServer


class FolderDestination(ConnectorSettings):
    """A folder: a mounted share, or a place on this machine."""

    kind: Literal["folder"]
    """A folder."""
    folder: Path
    """Where bundles are laid down. A relative path starts at the project and is made when missing; an absolute one
    must exist, so that nothing is written below an unmounted share."""


class SftpDestination(SftpServer):
    """An SFTP server, with its host key pinned."""

    kind: Literal["sftp"]
    """An SFTP server."""
    folder: str = "."
    """Where bundles are laid down on the server, from the login folder on."""
