"""Exstream's stand-in, started as the program of its own that it is."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

COMMUNICATION = "6f1c0f3e-52a1-4c8e-9d54-0b7a3c1f2e01"
SAMPLE_DESIGN: Mapping[str, object] = {
    "communication": COMMUNICATION,
    "data_source": "policy_driver",
    "outputs": {"letter": {"queue": "archive"}, "email": {"queue": "mail"}, "sms": {"queue": "text"}},
}


class SandboxProgram:
    """The running program, and its own door."""

    def __init__(self, process: subprocess.Popen[str], facts: Mapping[str, Any]) -> None:
        self._process = process
        self.facts = facts
        """What it announced: `port`, `domain`, `client_id`, `client_secret`, `user`, `password`."""
        self.url = f"http://127.0.0.1:{facts['port']}"

    async def misbehave(self, **faults: object) -> None:
        """Set some faults; see `xconnector.sandbox.exstream.faults`."""
        await self._knock("POST", "faults", faults)

    async def reset(self) -> None:
        """Let it behave, and forget what it has seen."""
        await self._knock("POST", "reset", {})

    async def seen(self) -> Mapping[str, Any]:
        return await self._knock("GET", "seen", None)

    async def asked(self, path: str) -> int:
        """Return how many requests came to a path, whatever their method."""
        requests: Mapping[str, int] = (await self.seen())["requests"]
        return sum(count for line, count in requests.items() if line.partition(" ")[2] == path)

    async def end(self) -> None:
        self._process.terminate()
        self._process.wait()

    async def _knock(self, method: str, door: str, told: object) -> Mapping[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.request(method, f"{self.url}/sandbox/{door}", json=told)
        return answer.raise_for_status().json()


@contextmanager
def exstream_program(project: Path, output: Path, *options: str) -> Generator[SandboxProgram]:
    """Run the program with the designs of a project until the block ends; for tests that share it."""
    command = [sys.executable, "-m", "xconnector.sandbox.exstream", "--with-parent"]
    command += ["--project", str(project), "--output", str(output), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield SandboxProgram(process, json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@asynccontextmanager
async def running_exstream(project: Path, output: Path, *options: str) -> AsyncGenerator[SandboxProgram]:
    """Run the program with the designs of a project until the block ends."""
    with exstream_program(project, output, *options) as program:
        yield program
