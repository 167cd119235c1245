"""What every program of the sandbox does alike: it says when it is ready, and ends when told to or with its parent."""

import asyncio
import json
import os
import signal
from contextlib import suppress

_BETWEEN_LOOKS_AT_THE_PARENT = 0.5
"""Seconds."""
# Known before anything is announced: whoever was only waiting for that may be gone a moment later.
_STARTED_BY = os.getppid()


def announce(**facts: object) -> None:
    """Say on one line of standard output, as JSON, that it is ready and where: `{"port": 2525}`."""
    print(json.dumps(facts), flush=True)  # noqa: T201 - whoever started the program reads it


async def until_ended(*, with_parent: bool) -> None:
    """Return on SIGTERM or SIGINT, or when the process that started this one is gone, if that is asked for."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    if not with_parent:
        await told.wait()
        return
    while os.getppid() == _STARTED_BY and not told.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), _BETWEEN_LOOKS_AT_THE_PARENT)
