"""Takes files that arrive in a folder: a mounted share, or a place on this machine."""

from xconnector.connectors.folder_drop.settings import FolderDropSettings
from xconnector.contract.file_drop import FileDrop
from xconnector.contract.manifest import Manifest, Stability, Surroundings


def _file_drop(settings: FolderDropSettings, surroundings: Surroundings) -> FileDrop:
    from xconnector.connectors.folder_drop.folder import FolderHere
    from xconnector.contract.drop_folder import DropOfFolder

    folder = surroundings.project_folder / settings.folder
    return DropOfFolder(FolderHere(folder, may_make=not settings.folder.is_absolute()), settings)


MANIFEST = Manifest(
    name="folder_drop",
    summary="Takes files that arrive in a folder: claims each by renaming, and puts it away as done or failed.",
    settings=FolderDropSettings,
    stability=Stability.STABLE,
    file_drop=_file_drop,
)
