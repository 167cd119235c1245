"""What every connection to an SFTP server needs to know."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from xconnector.contract.settings import ConnectorSettings

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SftpServer(ConnectorSettings):
    """An SFTP server, with its host key pinned."""

    host: str = Field(min_length=1)
    """Name or address of the server."""
    port: int = Field(default=22, ge=1, le=65535)
    """Port of the server."""
    user: str = Field(min_length=1)
    """User to log in as."""
    password: SecretStr | None = None
    """The user's password; or give `private_key`."""
    private_key: SecretStr | None = None
    """The user's private key, the text of an OpenSSH key file; or give `password`."""
    host_key: str | None = None
    """The server's public key, such as `ssh-ed25519 AAAA…`, as `ssh-keyscan` prints it behind the name. Required,
    except on this machine."""
    any_host_key_on_loopback: bool = False
    """Take whatever key a server on 127.0.0.1 shows: for sandboxes only."""
    folder: str = "."
    """The folder to work in, from the login folder on."""

    @field_validator("password", "private_key", "host_key", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        # An environment variable that is set to nothing means that there is none.
        return None if value == "" else value

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if (self.password is None) == (self.private_key is None):
            raise ValueError("give either `password` or `private_key`")
        return self

    @model_validator(mode="after")
    def _known_server(self) -> Self:
        if self.any_host_key_on_loopback and self.host not in _LOOPBACK:
            raise ValueError("`any_host_key_on_loopback` is for 127.0.0.1 only: give `host_key`")
        if self.host_key is None and not self.any_host_key_on_loopback:
            raise ValueError(
                f"give `host_key`: ssh-keyscan -p {self.port} {self.host} shows it; compare it by telephone"
            )
        return self
