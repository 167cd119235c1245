"""Starts the engine program: as it stands, without a shell, and with a clean environment."""

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from xconnector.connectors.exstream.engine.control_file import on_the_command_line
from xconnector.connectors.exstream.engine.settings import EngineSettings
from xconnector.connectors.exstream.engine.work_folder import Attempt, Ended
from xconnector.contract.errors import MisconfiguredError, TransientError

_WRAPPER = Path(__file__).with_name("wrapper.py")
_PASSED_ON = ("PATH", "TZ")
_SECONDS_TO_END = 10.0
_SECONDS_BETWEEN_LOOKS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """How an engine of this connection is started."""

    settings: EngineSettings
    project_folder: Path

    def check(self) -> None:
        """Raise MisconfiguredError where there is no such program, or it may not be started."""
        name = self._program()[0]
        found = shutil.which(name, path=self._environment(Path("/")).get("PATH"))
        if found is None:
            raise MisconfiguredError(
                f"`program`: {name} is no program that can be started here: install the engine, or correct the setting"
            )

    async def run_awaited(self, attempt: Attempt) -> Ended | None:
        """Run the engine to its end and say how it ended; None where its wrapper was killed.

        The engine and all it started is ended as soon as nobody waits any more, also when this process dies.
        """
        wrapper = self._start(attempt, ["--awaited"], limit=timedelta(days=365))
        try:
            await _end_of(wrapper)
        finally:
            await _ended(wrapper)
        return attempt.ended()

    async def begin(self, attempt: Attempt, lock: int) -> None:
        """Start the engine as a run of its own, which outlives this process and holds the lock for as long as it lives.

        Raises TransientError where the system has no room for another process.
        """
        arguments = ["--lock", str(lock)]
        wrapper = self._start(attempt, arguments, limit=self.settings.longest_run, inherited=(lock,))
        # It leaves at once, and its child behind.
        if await asyncio.to_thread(wrapper.wait) != 0:
            raise TransientError("the engine's wrapper could not be started: does the machine have memory left?")

    def _start(
        self, attempt: Attempt, arguments: Sequence[str], *, limit: timedelta, inherited: Sequence[int] = ()
    ) -> "Popen[bytes]":
        told = on_the_command_line(attempt.control_file.name, self.settings.control_file_encoding)
        try:
            return Popen(
                [
                    sys.executable,
                    *("-I", "-S", str(_WRAPPER)),
                    *("--folder", str(attempt.path), "--control-file", attempt.control_file.name),
                    *("--seconds", str(limit.total_seconds())),
                    *arguments,
                    *("--", *self._program(), *told),
                ],
                stdin=DEVNULL if inherited else PIPE,
                stdout=DEVNULL,
                stderr=DEVNULL,
                cwd=attempt.path,
                env=self._environment(attempt.path),
                pass_fds=inherited,
                start_new_session=True,
            )
        except OSError:
            raise TransientError("no process can be started: does the machine have memory left?") from None

    def _program(self) -> list[str]:
        """Return the program and its arguments; one with a folder in its name starts at the project."""
        name, *arguments = self.settings.program
        return [str(self.project_folder / name) if "/" in name else name, *arguments]

    def _environment(self, folder: Path) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        own = {name: value.get_secret_value() for name, value in self.settings.environment.items()}
        return {"PATH": os.defpath, **passed_on, "HOME": str(folder), "TMPDIR": str(folder), **own}


async def _end_of(wrapper: "Popen[bytes]") -> None:
    while wrapper.poll() is None:  # noqa: ASYNC110 - a closing event loop may never be told that its processes ended
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)


async def _ended(wrapper: "Popen[bytes]") -> None:
    """See to it that the wrapper is gone, and the engine with it: it ends both when its standard input closes."""
    if wrapper.stdin is not None:
        wrapper.stdin.close()
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(_end_of(wrapper), _SECONDS_TO_END)
    finally:
        if wrapper.poll() is None:
            wrapper.kill()
            wrapper.wait()
