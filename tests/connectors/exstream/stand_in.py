"""The cloud-native services of the sandbox's Exstream, as the outside system of the composer."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template, write_template
from tests.connectors.exstream.sandbox_program import SAMPLE_DESIGN, SandboxProgram, running_exstream
from xconnector.contract.composer import Order

TEMPLATE = "policy_issued"
BATCH_DESIGN: Mapping[str, object] = {**SAMPLE_DESIGN, "batch_channel": "PolicyRuns"}


class ExstreamStandIn:
    def __init__(self, program: SandboxProgram) -> None:
        self.program = program

    @property
    def settings(self) -> Mapping[str, object]:
        return {
            "sign_in": {
                "preset": "otds-single",
                "url": self.program.url,
                "client_id": self.program.facts["client_id"],
                "client_secret": self.program.facts["client_secret"],
            },
            "orchestration": {
                "url": f"{self.program.url}/orchestration/api/v1",
                "domain": self.program.facts["domain"],
            },
        }

    @property
    def template(self) -> str:
        return TEMPLATE

    @property
    def designs(self) -> Mapping[str, Mapping[str, object]]:
        return {TEMPLATE: SAMPLE_DESIGN}

    async def go_down(self) -> None:
        await self.program.end()

    async def misconfigure(self) -> None:
        await self.program.misbehave(reject_credentials=True)


class ExstreamBatchStandIn(ExstreamStandIn):
    """The same installation with a batch input, and the file system that its engines write to."""

    def __init__(self, program: SandboxProgram, output: Path) -> None:
        super().__init__(program)
        self._output = output

    @property
    def settings(self) -> Mapping[str, object]:
        outputs = {"mount": str(self._output), "settled_after": "100ms"}
        return {**super().settings, "batch": {"outputs": outputs, "look_every": "100ms"}}

    @property
    def designs(self) -> Mapping[str, Mapping[str, object]]:
        return {TEMPLATE: BATCH_DESIGN}

    async def skip(self, orders: Sequence[Order]) -> None:
        keys = [str(order.communication_id) for order in orders]
        await self.program.misbehave(drop_keys=keys, drop_always=True)

    async def hold(self) -> None:
        await self.program.misbehave(job_seconds=3600)

    async def let_go(self) -> None:
        await self.program.misbehave(job_seconds=0)

    async def lose_answers(self, answers: int) -> None:
        await self.program.misbehave(lose_next=answers)


def write_sample_design(project_folder: Path, design: Mapping[str, object] = SAMPLE_DESIGN) -> None:
    """Write the sample template and the file that says which design stands for it."""
    write_sample_template(project_folder, TEMPLATE)
    # JSON is YAML.
    write_template(project_folder, f"{TEMPLATE}/exstream.yaml", json.dumps(design))


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[ExstreamStandIn]:
    write_sample_design(project_folder)
    async with running_exstream(project_folder, project_folder / "exstream-output") as program:
        yield ExstreamStandIn(program)


@asynccontextmanager
async def open_submission_stand_in(project_folder: Path) -> AsyncGenerator[ExstreamBatchStandIn]:
    write_sample_design(project_folder, BATCH_DESIGN)
    output = project_folder / "exstream-output"
    async with running_exstream(project_folder, output) as program:
        await program.misbehave(delivery_pause=0)
        yield ExstreamBatchStandIn(program, output)
