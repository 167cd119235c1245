"""Runs the press for a ticket in a process of its own, and takes out the letters that break it."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec

from xconnector.connectors.print_house.spool import Spool
from xconnector.connectors.print_house.ticket import LeftOut, Printed, Ticket
from xconnector.connectors.print_house.worker import NO_PIECE, TRY_LATER
from xconnector.contract.errors import PermanentError, TransientError

_PROGRAM = "xconnector.connectors.print_house.worker"
_MOST_CRASHES = 20
"""A bundle with more letters of that kind shows that something else is wrong."""
_LOOKS_EVERY = 0.5
_PASSED_ON = frozenset({"PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"})
"""A program that opens foreign PDFs has no need of the secrets in our environment."""


async def press(ticket: Ticket, spool: Spool, *, patience: timedelta = timedelta(minutes=2)) -> Printed:
    """Make the bundle; a letter that crashes the press or holds it up longer than `patience` is left out.

    Raises TransientError when the machine stands in the way, PermanentError when the bundle cannot be made.
    """
    for _ in range(_MOST_CRASHES):
        spool.write_ticket(ticket)
        exit_code = await _run(spool.folder, patience)
        if exit_code == 0:
            return msgspec.json.decode((spool.folder / "printed.json").read_bytes(), type=Printed)
        ticket = _without_culprit(ticket, spool.folder, exit_code)
    raise PermanentError(
        f"bundle {ticket.bundle_key} crashed the press {_MOST_CRASHES} times; the last letter was "
        f"{ticket.left_out[-1].dispatch_key}: print some of its letters one by one"
    )


async def _run(folder: Path, patience: timedelta) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _PROGRAM,
        str(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(os.environ),
    )
    try:
        return await _ended(process, folder / "progress", patience)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ended(process: asyncio.subprocess.Process, progress: Path, patience: timedelta) -> int:
    """Wait for the process, and end it when it stays with one piece for too long."""
    loop = asyncio.get_running_loop()
    ended = asyncio.ensure_future(process.wait())
    at, since = b"", loop.time()
    while not ended.done():
        await asyncio.wait({ended}, timeout=_LOOKS_EVERY)
        now_at = _told(progress)
        if now_at != at:
            at, since = now_at, loop.time()
        elif loop.time() - since > patience.total_seconds():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGALRM)
    return ended.result()


def _told(progress: Path) -> bytes:
    return progress.read_bytes()


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name in _PASSED_ON}


def _without_culprit(ticket: Ticket, folder: Path, exit_code: int) -> Ticket:
    """Return the ticket without the piece that the press was at when it ended."""
    told = _told(folder / "progress").decode().strip()
    if exit_code == TRY_LATER:
        raise TransientError(f"no room to make bundle {ticket.bundle_key} in {folder.parent}: free disk space")
    if exit_code == -signal.SIGKILL:
        raise TransientError(f"the press for bundle {ticket.bundle_key} was killed; was memory short?")
    if told in {"", NO_PIECE}:
        raise PermanentError(
            f"the press for bundle {ticket.bundle_key} ended with code {exit_code} outside any letter; "
            f"run python -m {_PROGRAM} to see why"
        )
    culprit = next(piece for piece in ticket.pieces if piece.position == int(told))
    reason = (
        "its PDF held up the press; compose it again"
        if exit_code == -signal.SIGALRM
        else "its PDF crashed the press; compose it again"
    )
    return replace(
        ticket,
        pieces=tuple(piece for piece in ticket.pieces if piece is not culprit),
        left_out=(*ticket.left_out, LeftOut(dispatch_key=culprit.dispatch_key, reason=reason)),
    )
