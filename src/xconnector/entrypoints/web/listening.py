"""Listening: the socket on which a server answers."""

import socket
from collections.abc import Generator
from contextlib import contextmanager

_BACKLOG = 512


class AddressError(Exception):
    """The server cannot listen there; the message says what to do."""


@contextmanager
def listening(host: str, port: int) -> Generator[socket.socket]:
    """Listen for the block; port 0 takes a free one.

    Raises AddressError.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressError(f"{host} is no address to listen on ({error.strerror}); choose one with --host") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise AddressError(
                f"nothing can listen on {host}:{port} ({error.strerror}); end the program that does, "
                "or choose another with --port"
            ) from error
        listener.setblocking(False)  # noqa: FBT003 - the standard library's word
        yield listener
