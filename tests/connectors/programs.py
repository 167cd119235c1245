"""Programs of the outside that tests start: where they are, and a port for each."""

import asyncio
import socket
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

PATIENCE_SECONDS = 90.0


def program_of(package: str, name: str) -> str:
    """Return the path of a program that a package brings; skips the test where it is not installed."""
    with suppress(PackageNotFoundError):
        for file in files(package) or ():
            if file.name == name and Path(str(file.locate())).is_file():
                return str(file.locate())
    pytest.skip(f"needs the package {package}")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def until(holds: Callable[[], Awaitable[bool]], *, why: str = "nothing of the kind happened") -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await holds():
        assert time.monotonic() < deadline, why
        await asyncio.sleep(0.03)


async def answers(port: int) -> bool:
    """Say whether somebody takes connections on a port of this machine."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def end(program: Process) -> None:
    """Kill a program, and wait until it is gone."""
    with suppress(ProcessLookupError):
        program.kill()
    await program.wait()
