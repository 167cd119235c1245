"""Waiting for the user to end something."""

import asyncio
import signal
from collections.abc import Callable


async def until_signalled(*, ready: Callable[[], None] | None = None) -> None:
    """Return on SIGTERM or SIGINT; `ready` is called as soon as they are waited for."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    if ready is not None:
        ready()
    try:
        await told.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
