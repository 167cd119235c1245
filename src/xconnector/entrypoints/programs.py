"""Other programs of the house, started as processes of their own: the sandbox, workers, the web."""

import json
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

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
        if self.process.stdout is not None:
            self.process.stdout.close()


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


def start_worker(folder: Path, *, log: Path, environment: Mapping[str, str]) -> Program:
    """Start a worker of a project; it works when this returns.

    Raises ProgramError when it does not start.
    """
    process = start("xconnector", "worker", "--project", str(folder), log=log, environment=environment)
    if not (process.stdout and process.stdout.readline()):
        raise ProgramError(f"the worker did not start; see {log}")
    return Program(process=process, facts={})


@contextmanager
def web(folder: Path, address: str, *, log: Path, environment: Mapping[str, str]) -> Generator[Program]:
    """Run the web of a project on an address of this machine for the block; it answers when the block begins."""
    port = address.rpartition(":")[2]
    arguments = ["serve", "--project", str(folder), "--port", port, "--no-worker"]
    running = Program(process=start("xconnector", *arguments, log=log, environment=environment), facts={})
    try:
        _wait_until_it_answers(running, f"{address}/healthz", log)
        yield running
    finally:
        running.end()


def _wait_until_it_answers(program: Program, address: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and program.process.poll() is None:
        try:
            if httpx.get(address, timeout=1).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise ProgramError(f"the web did not start; see {log}")


def start(
    module: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """Start a module of ours as a process; its errors are appended to the log."""
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as errors:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
