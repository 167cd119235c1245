"""Settings of a folder in which files arrive."""

from pathlib import Path

from xconnector.contract.drop_folder import DropSettings


class FolderDropSettings(DropSettings):
    """A folder on this machine's file systems."""

    folder: Path
    """Where files arrive. A relative path starts at the project and is made when missing; an absolute one must exist,
    so that nothing is looked for below an unmounted share. `claimed`, `done` and `failed` are made in it."""
