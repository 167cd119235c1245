"""One process that composes, seen from the composer: spawned, fed, and read without a thread."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import msgspec

from xconnector.connectors.embedded import wire

_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""What a process inherits of the environment: nothing that could be a secret."""
_OF_ITS_OWN = {
    "TZ": "UTC",
    # As many processes as processors, one thread each.
    "RAYON_NUM_THREADS": "1",
    # Left alone, the C library moves these bounds by chance, and with them a tenth of a process's memory; fixed at the
    # highest, what one document leaves is taken by the next, and nothing is asked of the kernel in between.
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "134217728",
    # Nobody listens there: whatever tried to fetch something would fail at once.
    "ALL_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
}
_SECONDS_TO_END = 5.0
_SECONDS_BETWEEN_LOOKS = 0.005


class Process(asyncio.Protocol):
    """A spawned process on a socket of its own.

    `on_answer` is called with every answer, `on_end` once when the process hangs up or dies.
    """

    def __init__(
        self,
        setup: wire.Setup,
        *,
        on_answer: Callable[[wire.Answer], None],
        on_end: Callable[[], None],
    ) -> None:
        """Spawn it; raises OSError where the system has no room for another process."""
        self._on_answer = on_answer
        self._on_end = on_end
        self._answers = wire.Answers()
        self._transport: asyncio.Transport | None = None
        self._unsent = bytearray(wire.frame(setup))
        ours, theirs = socket.socketpair()
        try:
            self._popen = _spawn(theirs, setup.templates)
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        connecting = asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)
        self._connecting = asyncio.ensure_future(connecting)

    @property
    def process_id(self) -> int:
        return self._popen.pid

    def send(self, task: wire.Task) -> None:
        """Give it a task; it answers tasks in their sequence."""
        framed = wire.frame(task)
        if self._transport is None:
            self._unsent += framed
        else:
            self._transport.write(framed)

    def hang_up(self) -> None:
        """Let it end after what it is at."""
        if self._transport is not None:
            self._transport.close()

    def kill(self) -> None:
        """End it at once. Nothing is lost: what it composed and did not send can be composed again."""
        self._popen.kill()

    async def exit_status(self) -> int:
        """Return its exit status once it has ended; negative where a signal ended it."""
        await self._connecting
        for _ in range(round(_SECONDS_TO_END / _SECONDS_BETWEEN_LOOKS)):
            status = self._popen.poll()
            if status is not None:
                return status
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
        self.kill()
        return self._popen.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what was given before the socket was open."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(bytes(self._unsent))
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        """Pass every whole answer on."""
        try:
            answers = self._answers.feed(data)
        except (ValueError, msgspec.MsgspecError):
            # Not what we agreed on: nothing that follows could be trusted.
            self.kill()
            return
        for answer in answers:
            self._on_answer(answer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the exit status says more
        self._on_end()


def _spawn(line: socket.socket, folder: str) -> "subprocess.Popen[bytes]":
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "xconnector.connectors.embedded.worker", str(line.fileno())],
        pass_fds=[line.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # An engine that dies may print what it was at.
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={**environment, **_OF_ITS_OWN},
        # Ctrl-C is for the composer, which then ends its processes.
        process_group=0,
    )


def was_over_deadline(status: int) -> bool:
    """Say whether the process ended because a document took too long."""
    return status == -signal.SIGALRM


def was_out_of_memory(status: int) -> bool:
    """Say whether the process ended because a document took too much memory."""
    return status in {-signal.SIGABRT, wire.OUT_OF_MEMORY}


def was_ended_from_outside(status: int) -> bool:
    """Say whether somebody else ended the process: a person, or the system when it ran out of memory."""
    return status in {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}
