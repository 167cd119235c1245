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
from io import BufferedReader
from typing import TYPE_CHECKING

import msgspec

from xconnector.connectors.embedded import wire

if TYPE_CHECKING:
    from xconnector.connectors.embedded.documents import Documents

_START_SECONDS = 60.0
_READ_AHEAD = 1 << 16
_PDEATHSIG = 1


def main(descriptor: int) -> None:
    """Compose until the composer closes the socket."""
    _end_with_parent()
    _end_after(_START_SECONDS)
    with (
        socket.socket(fileno=descriptor) as line,
        BufferedReader(line.makefile("rb", buffering=0), _READ_AHEAD) as heard,
    ):
        setup = msgspec.msgpack.decode(_receive(heard), type=wire.Setup)
        _limit(setup.memory)
        try:
            documents = _documents(setup)
        except Exception as failed:  # noqa: BLE001 - whatever it is, the composer must hear of it
            line.sendall(wire.frame(wire.Unable(reason=f"{type(failed).__name__}: {failed}")))
            return
        _end_after(0)
        line.sendall(wire.frame(wire.Ready()))
        # Beyond half of its room it asks to be replaced, so that the next document has room.
        size = _Size()
        worn_beyond = (size.bytes() + setup.memory) / 2
        for task in _tasks(heard):
            # The kernel ends the process at the deadline, in whatever code it is then.
            _end_after(setup.deadline)
            answer = documents.compose(task, worn=lambda: size.bytes() > worn_beyond)
            _end_after(0)
            line.sendall(wire.frame(answer))


def _documents(setup: wire.Setup) -> "Documents":
    # Loaded under the limits: the engines are what they are for.
    return import_module("xconnector.connectors.embedded.documents").Documents(setup)


def _tasks(heard: "BufferedReader[socket.SocketIO]") -> Iterator[wire.Task]:
    decoder = msgspec.msgpack.Decoder(wire.Task)
    while body := _receive(heard):
        yield decoder.decode(body)


def _receive(heard: "BufferedReader[socket.SocketIO]") -> bytes:
    """Return the next frame, or nothing when the other side has closed."""
    header = heard.read(wire.HEADER_BYTES)
    return heard.read(wire.length_of(header)) if len(header) == wire.HEADER_BYTES else b""


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


class _Size:
    """The address space in use, read for each document: the file stays open."""

    def __init__(self) -> None:
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def bytes(self) -> int:
        return int(os.pread(self._statm, 64, 0).split(maxsplit=1)[0]) * resource.getpagesize()


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        main(int(sys.argv[1]))
    except MemoryError:
        os._exit(wire.OUT_OF_MEMORY)
    except (BrokenPipeError, ConnectionResetError):
        # The composer went away in the middle.
        os._exit(0)
