"""Addresses of services in settings: encrypted on the way, or on this machine."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _kept_private(url: str) -> str:
    address = urlsplit(url)
    if address.scheme == "http" and not _is_this_machine(address.hostname or ""):
        raise ValueError("plain http would send customers' messages and our key readable over the network: use https")
    return url.rstrip("/")


ServiceAddress = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"), AfterValidator(_kept_private)]
"""Where a service is, such as `https://api.example.com`: no user, query, or fragment; http only to this machine."""
