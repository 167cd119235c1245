"""Batches of the sandbox's Exstream, as a worker has them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template, write_template
from tests.connectors.exstream.sandbox_program import SAMPLE_DESIGN, SandboxProgram
from xconnector.connectors.exstream.cloud.batch import Batch, Named
from xconnector.connectors.exstream.cloud.batch_settings import BatchSettings
from xconnector.connectors.exstream.cloud.client import CloudClient
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.submission import Submission, SubmissionOutcome
from xconnector.testing.orders import sample_order

TEMPLATE = "policy_issued"
CHANNEL = "PolicyRuns"
DESIGN: Mapping[str, object] = {**SAMPLE_DESIGN, "batch_channel": CHANNEL}
Results = Mapping[str | int, Composition | ConnectorError]


def write_batch_design(project: Path, template: str = TEMPLATE, **changes: object) -> None:
    write_sample_template(project, template)
    # JSON is YAML.
    write_template(project, f"{template}/exstream.yaml", json.dumps({**DESIGN, **changes}))


def orders(count: int, first: int = 1) -> list[Order]:
    return [sample_order(number, template=TEMPLATE) for number in range(first, first + count)]


def key(number: int) -> str:
    return str(sample_order(number, template=TEMPLATE).communication_id)


def a_submission(count: int, name: str = "s-1", created_at: datetime | None = None) -> Submission:
    return Submission(
        submission_key=name,
        template=TEMPLATE,
        orders=count,
        created_at=created_at or datetime.now(UTC),
        run="run-1",
    )


async def streamed(given: Sequence[Order]) -> AsyncIterator[Order]:
    for order in given:
        yield order


def settings_of(program: SandboxProgram, output: Path, **batch: object) -> tuple[CloudSettings, BatchSettings]:
    cloud = {
        "sign_in": {
            "preset": "otds-single",
            "url": program.url,
            "client_id": program.facts["client_id"],
            "client_secret": program.facts["client_secret"],
        },
        "orchestration": {
            "url": f"{program.url}/orchestration/api/v1",
            "domain": program.facts["domain"],
        },
    }
    outputs = {"mount": str(output), "settled_after": "100ms"}
    return (
        CloudSettings.model_validate(cloud),
        BatchSettings.model_validate({"outputs": outputs, "look_every": "100ms", **batch}),
    )


async def _engine(template: str, design: ExstreamDesign) -> str:
    return f"exstream {template} {design.batch_channel}"


@asynccontextmanager
async def open_batch(
    program: SandboxProgram,
    output: Path,
    state: Path,
    *,
    design: Mapping[str, object] = DESIGN,
    engine: Named = _engine,
    **settings: object,
) -> AsyncGenerator[Batch]:
    """Open the batch inputs with a state folder of their own, as another worker would."""
    cloud, batch = settings_of(program, output, **settings)

    async with CloudClient(cloud, project_folder=output) as client:
        yield Batch(
            client,
            cloud.orchestration,
            batch,
            {TEMPLATE: ExstreamDesign.model_validate(design)},
            engine=engine,
            project_folder=output,
            state_folder=state,
        )


async def ended(batch: Batch, submission: Submission, reference: str) -> SubmissionOutcome:
    """Look again and again until the job has ended."""
    while True:
        seen = await batch.look(submission, reference)
        if isinstance(seen, SubmissionOutcome):
            return seen
        await asyncio.sleep(min(0.1, seen.look_again_after.total_seconds()))


async def results(outcome: SubmissionOutcome) -> Results:
    found: dict[str | int, Composition | ConnectorError] = {}
    async for made in outcome.made:
        assert made.key not in found
        found[made.key] = made.result
    return found


async def run_through(batch: Batch, given: Sequence[Order], name: str = "s-1") -> tuple[Results, SubmissionOutcome]:
    submission = a_submission(len(given), name)
    receipt = await batch.submit(submission, streamed(given))
    outcome = await ended(batch, submission, receipt.reference)
    return await results(outcome), outcome
