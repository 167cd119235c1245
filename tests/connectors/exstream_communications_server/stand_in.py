"""The Service Gateway of the sandbox's Exstream, as the outside system of the composer."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template, write_template
from tests.connectors.exstream.sandbox_program import SandboxProgram, running_exstream
from xconnector.sandbox.exstream.gateway import TENANT

TEMPLATE = "policy_issued"
DESIGN: Mapping[str, object] = {
    "service": {"name": "PolicyIssued", "version": "2"},
    "outputs": {"letter": {"queue": "archive"}, "email": {"queue": "mail"}, "sms": {"queue": "text"}},
}


class GatewayStandIn:
    def __init__(self, program: SandboxProgram) -> None:
        self.program = program

    @property
    def settings(self) -> Mapping[str, object]:
        return {"service": gateway_settings(self.program)}

    @property
    def template(self) -> str:
        return TEMPLATE

    @property
    def designs(self) -> Mapping[str, Mapping[str, object]]:
        return {TEMPLATE: DESIGN}

    async def go_down(self) -> None:
        await self.program.end()

    async def misconfigure(self) -> None:
        await self.program.misbehave(reject_credentials=True)


def gateway_settings(program: SandboxProgram) -> dict[str, object]:
    return {
        "kind": "gateway",
        "url": program.url,
        "tenant": TENANT,
        "sign_in": {"url": program.url, "user": program.facts["user"], "password": program.facts["password"]},
    }


def write_design(project_folder: Path, design: Mapping[str, object]) -> None:
    """Write the sample template and the file that says which design stands for it."""
    write_sample_template(project_folder, TEMPLATE)
    # JSON is YAML.
    write_template(project_folder, f"{TEMPLATE}/exstream.yaml", json.dumps(design))


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[GatewayStandIn]:
    write_design(project_folder, DESIGN)
    async with running_exstream(project_folder, project_folder / "exstream-output") as program:
        yield GatewayStandIn(program)
