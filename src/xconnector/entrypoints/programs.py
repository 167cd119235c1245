"""Other programs of the house, started as processes of their own: the sandbox, workers, the web."""

import json
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 20


class ProgramError(Exception):
    """A program did not get ready; the message says which and where its words are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running program and what it said when it was ready."""

    process: "subprocess.Popen[str]"
    facts: Mapping[str, Any]

    def end(self) -> None:
        """End it in good order, and by force when it takes too long."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def sandbox(name: str, *arguments: str, log: Path) -> Generator[Program]:
    """Run a program of the sandbox for the block; it says on one line of JSON when and where it is ready."""
    program = start(f"xconnector.sandbox.{name}", *arguments, "--with-parent", log=log)
    try:
        line = program.stdout.readline() if program.stdout else ""
        if not line:
            raise ProgramError(f"the sandbox program {name} did not start; see {log}")
        running = Program(process=program, facts=json.loads(line))
    except BaseException:
        program.kill()
        program.wait()
        raise
    try:
        yield running
    finally:
        running.end()


def start(
    module: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """Start a module of ours as a process; its errors are appended to the log."""
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as errors:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
