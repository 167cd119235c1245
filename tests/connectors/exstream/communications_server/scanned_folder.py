"""A Directory input of the sandbox's Communications Server, and a composer that hands files over to it."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xconnector.connectors.exstream import COMMUNICATIONS_SERVER
from xconnector.connectors.exstream.communications_server.directory import DirectoryComposer
from xconnector.connectors.exstream.communications_server.settings import (
    CommunicationsServerSettings,
    DirectoryService,
)
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.submission import Submission, SubmissionOutcome, SubmissionReceipt, Underway
from xconnector.testing.orders import sample_order

TEMPLATE = "policy_issued"
DESIGN: Mapping[str, object] = {
    "outputs": {"letter": {"queue": "archive"}, "email": {"queue": "mail"}, "sms": {"queue": "text"}},
}
FILES: Mapping[str, object] = {"kind": "files", "folder": "out", "trigger": "{submission}/done"}
DELIVERY_FILE: Mapping[str, object] = {"kind": "delivery_file", "folder": "out"}
_LONGEST = 30
"""Seconds."""


def directory_composer(
    project: Path,
    *,
    results: Mapping[str, object] = FILES,
    design: Mapping[str, object] = DESIGN,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    **settings: object,
) -> DirectoryComposer:
    """Return the composer over the folders `in` and `out` of a project."""
    service = {"kind": "directory", "folder": "in", "results": dict(results), "look_every": 0.05, **settings}
    chosen = CommunicationsServerSettings.model_validate({"service": service}).service
    assert isinstance(chosen, DirectoryService)
    surroundings = Surroundings(
        project_folder=project,
        state_folder=project / "state",
        designs={TEMPLATE: ExstreamDesign.model_validate(dict(design))},
    )
    assert COMMUNICATIONS_SERVER.design_file is not None
    return DirectoryComposer(chosen, surroundings, now=now)


def orders(count: int) -> list[Order]:
    return [sample_order(number, template=TEMPLATE) for number in range(1, count + 1)]


def submission(count: int, key: str = "run-20261123-0a1b2c") -> Submission:
    return Submission(submission_key=key, template=TEMPLATE, orders=count, created_at=datetime.now(UTC), run="november")


async def one_by_one(given: Iterable[Order]) -> AsyncIterator[Order]:
    for order in given:
        yield order


async def ended(composer: DirectoryComposer, given: Submission, receipt: SubmissionReceipt) -> SubmissionOutcome:
    """Look until the submission has ended."""
    async with asyncio.timeout(_LONGEST):
        while True:
            found = await composer.look(given, receipt.reference)
            if not isinstance(found, Underway):
                return found
            await asyncio.sleep(found.look_again_after.total_seconds())


async def made(outcome: SubmissionOutcome) -> dict[str | int, Composition | ConnectorError]:
    return {one.key: one.result async for one in outcome.made}


@dataclass(frozen=True, slots=True)
class ScannedFolder:
    """Where the running input takes files from, and where it leaves results."""

    folder: Path
    output: Path


@asynccontextmanager
async def scanning(
    project: Path, *options: str, share: Path | None = None, faults: Mapping[str, object] | None = None
) -> AsyncGenerator[ScannedFolder]:
    """Run the input over the folders `in` and `out` of a share, or of the project, until the block ends."""
    share = share or project
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "xconnector.sandbox.exstream.directory", "--with-parent"),
        *("--project", str(project), "--template", TEMPLATE),
        *("--folder", str(share / "in"), "--output", str(share / "out")),
        *("--scan-every", "0.05", "--faults", json.dumps(faults or {}), *options),
        stdout=PIPE,
    )
    assert process.stdout is not None
    try:
        facts = json.loads(await process.stdout.readline())
        yield ScannedFolder(folder=Path(facts["folder"]), output=Path(facts["output"]))
    finally:
        process.terminate()
        await process.wait()
