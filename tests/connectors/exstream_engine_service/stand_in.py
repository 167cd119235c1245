"""The Engine Web Services of the sandbox's Exstream, as the outside system of the composer."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template, write_template
from tests.connectors.exstream.sandbox_program import SandboxProgram, running_exstream

TEMPLATE = "policy_issued"
DESIGN: Mapping[str, object] = {
    "package": "PolicyIssued.pub",
    "outputs": {"letter": {"queue": "archive"}, "email": {"queue": "mail"}, "sms": {"queue": "text"}},
}


class EngineServiceStandIn:
    def __init__(self, program: SandboxProgram, **settings: object) -> None:
        self.program = program
        self._settings = settings

    @property
    def settings(self) -> Mapping[str, object]:
        return {**service_settings(self.program), **self._settings}

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


def service_settings(program: SandboxProgram) -> dict[str, object]:
    return {
        "url": f"{program.url}/EngineService/EngineService",
        "token": token_of(program),
    }


def token_of(program: SandboxProgram) -> dict[str, object]:
    return {"user": program.facts["user"], "password": program.facts["password"]}


def write_design(project_folder: Path, design: Mapping[str, object]) -> None:
    """Write the sample template and the file that says which design stands for it."""
    write_sample_template(project_folder, TEMPLATE)
    # JSON is YAML.
    write_template(project_folder, f"{TEMPLATE}/exstream.yaml", json.dumps(design))


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[EngineServiceStandIn]:
    write_design(project_folder, DESIGN)
    async with running_exstream(project_folder, project_folder / "exstream-output") as program:
        await program.misbehave(ews_token=True)
        yield EngineServiceStandIn(program)
