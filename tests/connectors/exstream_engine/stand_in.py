"""The sandbox's engine, installed as a program, as the outside system of the composer."""

import json
import shlex
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.connectors.embedded.project import write_sample_template, write_template
from xconnector.contract.composer import Order
from xconnector.sandbox.exstream.engine import FAULTS
from xconnector.sandbox.exstream.engine_installation import EngineInstallation, install_engine
from xconnector.testing.conformance import not_applicable

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


class EngineRunsStandIn(EngineStandIn):
    """The same engine, whose runs leave the worker behind, on a share of several workers."""

    def __init__(self, installation: EngineInstallation, runs: Path) -> None:
        super().__init__(installation)
        self._runs = runs
        self._held = installation.program.with_name("held")
        self._command = installation.program.read_text("utf-8").removeprefix("#!/bin/sh\n")
        self._behave({})

    @property
    def settings(self) -> Mapping[str, object]:
        return {**super().settings, "work_folder": str(self._runs), "look_again_after": "100ms"}

    async def skip(self, orders: Sequence[Order]) -> None:
        keys = [str(order.communication_id) for order in orders]
        self._behave({"skip_keys": keys, "skip_always": True})

    async def hold(self) -> None:
        self._held.touch()

    async def let_go(self) -> None:
        self._held.unlink()

    async def go_down(self) -> None:
        """The share is not mounted any more."""
        self._runs.rename(self._runs.with_name("unmounted"))

    async def lose_answers(self, answers: int) -> None:
        not_applicable(f"runs begin on this machine: no answer can be lost, let alone {answers}")

    def _behave(self, faults: Mapping[str, object]) -> None:
        wait = f"while [ -e {shlex.quote(str(self._held))} ]; do sleep 0.05; done"
        told = f"export {FAULTS}={shlex.quote(json.dumps(faults))}"
        self.installation.program.write_text(f"#!/bin/sh\n{wait}\n{told}\n{self._command}", "utf-8")


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


@asynccontextmanager
async def open_submission_stand_in(project_folder: Path) -> AsyncGenerator[EngineRunsStandIn]:
    write_design(project_folder, DESIGN)
    runs = project_folder / "share"
    runs.mkdir()
    yield EngineRunsStandIn(install_engine(project_folder / "engine", project_folder), runs)
