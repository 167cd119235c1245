"""The cloud-native services of the sandbox's Exstream, as the outside system of the composer."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template, write_template
from tests.connectors.exstream.sandbox_program import SAMPLE_DESIGN, SandboxProgram, running_exstream

TEMPLATE = "policy_issued"


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


def write_sample_design(project_folder: Path) -> None:
    """Write the sample template and the file that says which design stands for it."""
    write_sample_template(project_folder, TEMPLATE)
    # JSON is YAML.
    write_template(project_folder, f"{TEMPLATE}/exstream.yaml", json.dumps(SAMPLE_DESIGN))


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[ExstreamStandIn]:
    write_sample_design(project_folder)
    async with running_exstream(project_folder, project_folder / "exstream-output") as program:
        yield ExstreamStandIn(program)
