"""Settings of a folder on an SFTP server in which files arrive."""

from pydantic import Field

from xconnector.contract.drop_folder import DropSettings
from xconnector.contract.sftp_server import SftpServer


class SftpDropSettings(DropSettings, SftpServer):
    """A folder on an SFTP server, whose host key is pinned."""

    user: str = Field(min_length=1)
    """User to log in as; it must be allowed to rename in the folder."""
    folder: str = "."
    """Where files arrive, from the login folder on. `claimed`, `done` and `failed` are made in it."""
