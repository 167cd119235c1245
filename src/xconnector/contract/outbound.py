"""Going to an address that somebody else wrote: it must not lead into our own network.

A name is resolved once, every address it has is checked, and the connection is made to a checked address under the
original name: what the directory answers a moment later counts for nothing. Redirects are not followed.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import httpcore
import httpx

from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.outbound_allowance import OutboundAllowance, check_address, check_url
from xconnector.domain.public_address import literal_address

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives all addresses of a name; raises OSError where it has none."""


def outbound_client(
    allowance: OutboundAllowance,
    *,
    timeout: timedelta,
    project_folder: Path | None = None,
    resolve: Resolve | None = None,
    http2: bool = False,
) -> httpx.AsyncClient:
    """Return a client whose every connection is checked; it follows no redirect and heeds no environment.

    A forbidden address raises ForbiddenAddressError when it is called.

    Raises MisconfiguredError for a `ca_file` that cannot be read.
    """
    return httpx.AsyncClient(
        transport=OutboundTransport(allowance, trusted(allowance, project_folder), resolve=resolve, http2=http2),
        timeout=timeout.total_seconds(),
        follow_redirects=False,
        trust_env=False,
        # What is read is counted as it comes: nothing may grow when it is unpacked.
        headers={"Accept-Encoding": "identity"},
    )


async def beginning(answer: httpx.Response, most: int) -> bytes:
    """Return at most so many bytes of a streamed answer, and read no more of it."""
    content = b""
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) >= most:
            break
    return content[:most]


def trusted(allowance: OutboundAllowance, project_folder: Path | None) -> ssl.SSLContext:
    """Return what a receiver's certificate is checked against.

    Raises MisconfiguredError for a `ca_file` that cannot be read.
    """
    file = allowance.ca_file and (project_folder or Path()) / allowance.ca_file
    try:
        context = ssl.create_default_context(cafile=file)
    except (ssl.SSLError, OSError):
        raise MisconfiguredError(
            f"ca_file {allowance.ca_file} holds no certificates that can be read (PEM); paths are relative to the "
            "project's folder"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class OutboundTransport(httpx.AsyncHTTPTransport):
    """HTTP to checked addresses only; certificates are checked against the name that was asked for."""

    def __init__(
        self,
        allowance: OutboundAllowance,
        context: ssl.SSLContext,
        *,
        resolve: Resolve | None = None,
        http2: bool = False,
    ) -> None:
        """`resolve` asks the system's directory where it is left out."""
        super().__init__(verify=context, trust_env=False, http2=http2)
        self._allowance = allowance
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            http2=http2,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_CheckedNetwork(allowance, resolve or _resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        check_url(str(request.url), self._allowance)
        return await super().handle_async_request(request)


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked a moment ago, and to no others."""

    def __init__(self, allowance: OutboundAllowance, resolve: Resolve) -> None:
        self._allowance = allowance
        self._resolve = resolve
        # Its declaration has a second class of this name, for who lacks anyio: httpx brings it along.
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore asks
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("the name has no address")
        async for address in self._checked(host, port, timeout):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refused:
                failure = refused
        raise failure

    async def _checked(self, host: str, port: int, seconds: float | None) -> AsyncIterator[str]:
        """Give every address of a host, after all of them were found good."""
        literal = literal_address(host)
        try:
            async with asyncio.timeout(seconds):
                found = [str(literal)] if literal else await self._resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the directory of names did not answer in time") from None
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name is not in the directory of names") from None
        for address in found:
            check_address(ip_address(address), self._allowance)
        for address in found:
            yield address


async def _resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
