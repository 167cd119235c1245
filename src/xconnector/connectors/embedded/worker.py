"""A process that composes: one document at a time, with limits of memory and time that end the process.

It hears tasks and gives answers on the socket whose number is its argument, and ends when the
composer closes it, or with the composer, however that ends.
"""

import ctypes
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xconnector.connectors.embedded import wire

if TYPE_CHECKING:
    from xconnector.connectors.embedded.documents import Documents

_START_SECONDS = 60.0
_PDEATHSIG = 1


def main(descriptor: int) -> None:
    """Compose until the composer closes the socket."""
    _end_with_parent()
    _end_after(_START_SECONDS)
    with socket.socket(fileno=descriptor) as line:
        setup = msgspec.msgpack.decode(_receive(line), type=wire.Setup)
        _limit(setup.memory)
        try:
            documents = _documents(setup)
        except Exception as failed:  # noqa: BLE001 - whatever it is, the composer must hear of it
            line.sendall(wire.frame(wire.Unable(reason=f"{type(failed).__name__}: {failed}")))
            return
        _end_after(0)
        line.sendall(wire.frame(wire.Ready()))
        # Beyond half of its room it asks to be replaced, so that the next document has room.
        worn_beyond = (_size() + setup.memory) / 2
        for task in _tasks(line):
            # The kernel ends the process at the deadline, in whatever code it is then.
            _end_after(setup.deadline)
            answer = documents.compose(task, worn=lambda: _size() > worn_beyond)
            _end_after(0)
            line.sendall(wire.frame(answer))


def _documents(setup: wire.Setup) -> "Documents":
    # Loaded under the limits: the engines are what they are for.
    return import_module("xconnector.connectors.embedded.documents").Documents(setup)


def _tasks(line: socket.socket) -> Iterator[wire.Task]:
    decoder = msgspec.msgpack.Decoder(wire.Task)
    while body := _receive(line):
        yield decoder.decode(body)


def _receive(line: socket.socket) -> bytes:
    """Return the next frame, or nothing when the other side has closed."""
    header = _exactly(line, wire.HEADER_BYTES)
    return _exactly(line, wire.length_of(header)) if header else b""


def _exactly(line: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        piece = line.recv(count - len(received))
        if not piece:
            return b""
        received += piece
    return bytes(received)


def _end_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PDEATHSIG, signal.SIGKILL)
    # It may have gone before we asked.
    if os.getppid() != parent:
        os._exit(0)


def _end_after(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # A dump would hold customers' data.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _size() -> int:
    """Return the bytes of address space in use."""
    return int(Path("/proc/self/statm").read_bytes().split(maxsplit=1)[0]) * resource.getpagesize()


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        main(int(sys.argv[1]))
    except MemoryError:
        os._exit(wire.OUT_OF_MEMORY)
    except (BrokenPipeError, ConnectionResetError):
        # The composer went away in the middle.
        os._exit(0)
