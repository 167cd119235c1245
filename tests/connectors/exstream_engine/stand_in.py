"""The sandbox's engine, installed as a program, as the outside system of the composer."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template, write_template
from xconnector.sandbox.exstream.engine_installation import EngineInstallation, install_engine

TEMPLATE = "policy_issued"
DESIGN: Mapping[str, object] = {
    "package": "PolicyIssued.pub",
    "outputs": {"letter": {"queue": "archive"}, "email": {"queue": "mail"}, "sms": {"queue": "text"}},
}


class EngineStandIn:
    def __init__(self, installation: EngineInstallation) -> None:
        self.installation = installation

    @property
    def settings(self) -> Mapping[str, object]:
        return engine_settings(self.installation)

    @property
    def template(self) -> str:
        return TEMPLATE

    @property
    def designs(self) -> Mapping[str, Mapping[str, object]]:
        return {TEMPLATE: DESIGN}

    async def go_down(self) -> None:
        """Every engine is killed as soon as it starts, as on a machine without memory."""
        self.installation.program.write_text("#!/bin/sh\nkill -9 $$\n", "utf-8")

    async def misconfigure(self) -> None:
        self.installation.program.unlink()


def engine_settings(installation: EngineInstallation, **settings: object) -> dict[str, object]:
    return {"program": [str(installation.program)], "packages": str(installation.packages), **settings}


def write_design(project_folder: Path, design: Mapping[str, object]) -> None:
    """Write the sample template and the file that says which design stands for it."""
    write_sample_template(project_folder, TEMPLATE)
    # JSON is YAML.
    write_template(project_folder, f"{TEMPLATE}/exstream.yaml", json.dumps(design))


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[EngineStandIn]:
    write_design(project_folder, DESIGN)
    yield EngineStandIn(install_engine(project_folder / "engine", project_folder))
