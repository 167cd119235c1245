"""Exstream's stand-in, started as the program of its own that it is."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
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

    def __init__(self, process: Process, facts: Mapping[str, Any]) -> None:
        self._process = process
        self.facts = facts
        """What it announced: `port`, `domain`, `client_id`, `client_secret`, `user`, `password`."""
        self.url = f"http://127.0.0.1:{facts['port']}"

    async def misbehave(self, **faults: object) -> None:
        """Set some faults; see `xconnector.sandbox.exstream.faults`."""
        async with httpx.AsyncClient(trust_env=False) as door:
            (await door.post(f"{self.url}/sandbox/faults", json=faults)).raise_for_status()

    async def seen(self) -> Mapping[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as door:
            return (await door.get(f"{self.url}/sandbox/seen")).json()

    async def asked(self, path: str) -> int:
        """Return how many requests came to a path, whatever their method."""
        requests: Mapping[str, int] = (await self.seen())["requests"]
        return sum(count for line, count in requests.items() if line.partition(" ")[2] == path)

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def running_exstream(project: Path, output: Path, *options: str) -> AsyncGenerator[SandboxProgram]:
    """Run the program with the designs of a project until the block ends."""
    program = [sys.executable, "-m", "xconnector.sandbox.exstream", "--with-parent"]
    process = await asyncio.create_subprocess_exec(
        *program, "--project", str(project), "--output", str(output), *options, stdout=PIPE
    )
    assert process.stdout is not None
    running = SandboxProgram(process, json.loads(await process.stdout.readline()))
    try:
        yield running
    finally:
        await running.end()
