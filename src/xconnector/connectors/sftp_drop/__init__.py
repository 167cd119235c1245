"""Takes files that arrive on an SFTP server."""

from xconnector.connectors.sftp_drop.settings import SftpDropSettings
from xconnector.contract.file_drop import FileDrop
from xconnector.contract.manifest import Manifest, Stability, Surroundings


def _file_drop(settings: SftpDropSettings, _surroundings: Surroundings) -> FileDrop:
    from xconnector.connectors.sftp_drop.folder import FolderOnServer
    from xconnector.contract.drop_folder import DropOfFolder

    return DropOfFolder(FolderOnServer(settings), settings)


MANIFEST = Manifest(
    name="sftp_drop",
    summary="Takes files that arrive on an SFTP server: claims each by renaming, and puts it away as done or failed.",
    settings=SftpDropSettings,
    stability=Stability.STABLE,
    file_drop=_file_drop,
)
