"""How the way to an outside system is protected, where its protocol has no word of its own for that."""

import ipaddress
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import model_validator

from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.settings import ConnectorSettings


class Transport(ConnectorSettings):
    """TLS, and who we are in it."""

    tls: bool = True
    """Whether everything is encrypted; `false` only to this machine, unless `plain_text_allowed` says otherwise."""
    plain_text_allowed: bool = False
    """Allows `tls: false` to another machine, for a broker inside a protected network."""
    ca_file: Path | None = None
    """Certificates (PEM) that may sign the broker's, instead of the system's; relative to the project."""
    certificate_file: Path | None = None
    """Our own certificate (PEM), where the broker asks for one; relative to the project."""
    key_file: Path | None = None
    """Its private key (PEM); relative to the project."""

    @model_validator(mode="after")
    def _certificate_is_whole(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together: give both or neither")
        return self

    def refuse_plain_text_abroad(self, hosts: Iterable[str]) -> None:
        """Raise ValueError where customers' content would cross a network readable by others."""
        strangers = [host for host in hosts if not is_this_machine(host)]
        if strangers and not self.tls and not self.plain_text_allowed:
            raise ValueError(
                f"without TLS customers' content would be readable on the way to {strangers[0]}; "
                "leave tls: true, or state plain_text_allowed: true"
            )

    def context(self, folder: Path) -> ssl.SSLContext | None:
        """Return what a driver needs for TLS, its files looked for in the project's folder; None without TLS.

        Raises MisconfiguredError naming the file that is amiss.
        """
        if not self.tls:
            return None
        for file in (self.ca_file, self.certificate_file, self.key_file):
            if file is not None and not (folder / file).is_file():
                raise MisconfiguredError(f"there is no file {file}; paths are relative to the project's folder")
        try:
            context = ssl.create_default_context(cafile=folder / self.ca_file if self.ca_file else None)
        except (ssl.SSLError, OSError):
            raise MisconfiguredError(f"ca_file {self.ca_file} holds no certificates that can be read (PEM)") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file is not None and self.key_file is not None:
            try:
                context.load_cert_chain(folder / self.certificate_file, folder / self.key_file)
            except (ssl.SSLError, OSError):
                raise MisconfiguredError(
                    f"certificate_file {self.certificate_file} and key_file {self.key_file} do not fit each other"
                ) from None
        return context


def is_this_machine(host: str) -> bool:
    """Say whether a host is the machine we run on, by its name or its loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
