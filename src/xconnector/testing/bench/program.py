"""A program of the bench in a process of its own: it says when it is ready, and at its end what it used."""

import json
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from xconnector.testing.bench.usage import Usage, processor_clock, usage_since


class BrokenOffError(Exception):
    """A program of the bench died; its words are above."""


@dataclass(frozen=True, slots=True)
class Running:
    """A program that is ready."""

    process: "subprocess.Popen[str]"
    said: str
    """The line with which it told that it is ready."""

    def begin(self) -> None:
        """Tell it to begin, where it waits for that (`wait_for_word`)."""
        self._close()

    def end(self) -> Usage:
        """Tell it to stop, and return what it used."""
        self._close()
        return self.result()

    def _close(self) -> None:
        assert self.process.stdin is not None, "it was opened so"
        self.process.stdin.close()

    def result(self) -> Usage:
        """Wait until it ends by itself, and return what it used."""
        assert self.process.stdout is not None, "it was opened so"
        said = self.process.stdout.read()
        if self.process.wait():
            raise BrokenOffError(" ".join(map(str, self.process.args)) if isinstance(self.process.args, list) else "")
        return Usage(**json.loads(said))


@contextmanager
def running(module: str, *arguments: str) -> Generator[Running]:
    """Run a module for the block; it is ready when the block begins."""
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        said = process.stdout.readline() if process.stdout else ""
        if not said:
            raise BrokenOffError(module)
        yield Running(process, said.strip())
    finally:
        process.kill()
        process.wait()


def say_ready(told: str = "ready") -> float:
    """Tell the bench that this program is ready, in one line, and return where its processor clock stands."""
    print(told, flush=True)  # noqa: T201 - the bench reads it
    return processor_clock()


def wait_for_word() -> None:
    """Wait until the bench says to begin or to stop, or is gone."""
    sys.stdin.read()


def say_usage(since: float) -> None:
    """Tell the bench what this program used since it was ready."""
    print(json.dumps(asdict(usage_since(since))), flush=True)  # noqa: T201 - the bench reads it
