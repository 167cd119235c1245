"""Which addresses that somebody else wrote may be called: what is written in them, and where they lead.

Whoever names the address of a webhook or of a browser's push service could name a machine that only we can reach.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.public_address import Address, is_numeric_host, is_public, is_within, literal_address

_HTTPS = 443
_LONGEST_URL = 2000


def _checked_network(network: str) -> str:
    ip_network(network)
    return network


class OutboundAllowance(ConnectorSettings):
    """What an address may be, beyond https on port 443 of a public machine."""

    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (_HTTPS,)
    """Ports that may be called."""
    networks: tuple[Annotated[str, AfterValidator(_checked_network)], ...] = ()
    """Networks of ours that may be called though they are not public, such as `10.20.0.0/16`."""
    loopback: bool = False
    """Allows this machine itself, on any port and without TLS: for tests."""
    ca_file: Path | None = None
    """Certificates (PEM) that may sign the receiver's, instead of the system's; relative to the project."""


class ForbiddenAddressError(Exception):
    """The address leads where we do not go. The message says why, and never where."""

    is_free_of_content = True


def check_url(url: str, allowance: OutboundAllowance) -> None:
    """Raise ForbiddenAddressError where an address is refused by what is written in it; nothing is resolved."""
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ForbiddenAddressError(f"an address has at most {_LONGEST_URL} visible ASCII characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", _HTTPS if parts.port is None else parts.port
    except ValueError:
        raise ForbiddenAddressError("this is no address that can be called") from None
    if "@" in parts.netloc or "\\" in url:
        raise ForbiddenAddressError("no user and password stand in an address")
    _check_origin(parts.scheme, host, port, allowance)


def check_address(address: Address, allowance: OutboundAllowance) -> None:
    """Raise ForbiddenAddressError where an address of the network is not to be called."""
    if is_public(address) or (allowance.loopback and address.is_loopback):
        return
    if is_within(address, [ip_network(network) for network in allowance.networks]):
        return
    raise ForbiddenAddressError("the address leads to a machine that is not public")


def _check_origin(scheme: str, host: str, port: int, allowance: OutboundAllowance) -> None:
    literal = literal_address(host)
    if allowance.loopback and (host == "localhost" or (literal is not None and literal.is_loopback)):
        if scheme not in {"http", "https"}:
            raise ForbiddenAddressError("an address begins with https://")
        return
    if scheme != "https":
        raise ForbiddenAddressError("an address begins with https://")
    if not host or "%" in host:
        raise ForbiddenAddressError("an address names a host")
    if literal is None and is_numeric_host(host):
        raise ForbiddenAddressError("a number is no host; write the name, or the address in its usual form")
    if port not in allowance.ports:
        raise ForbiddenAddressError(f"port {port} is not among the ports that may be called")
    if literal is not None:
        check_address(literal, allowance)
