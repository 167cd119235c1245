"""The Communications Server of the sandbox: its Service Gateway for single orders, its Directory input for many."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NoReturn

from tests.connectors.embedded.project import write_sample_template, write_template
from tests.connectors.exstream.communications_server.scanned_folder import scanning
from tests.connectors.exstream.sandbox_program import SandboxProgram, running_exstream
from xconnector.contract.composer import Order
from xconnector.sandbox.exstream.gateway import TENANT
from xconnector.testing.conformance import not_applicable

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


class DirectoryStandIn:
    """A scanned folder; its program is started anew to behave in another way, as a shop would restart it."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._faults: dict[str, object] = {}
        self._running = AsyncExitStack()

    @property
    def settings(self) -> Mapping[str, object]:
        share = str(self._project / "share")
        results = {"kind": "files", "folder": f"{share}/out", "trigger": "{submission}/done"}
        return {
            "service": {"kind": "directory", "folder": f"{share}/in", "results": results, "look_every": "50ms"},
        }

    @property
    def template(self) -> str:
        return TEMPLATE

    @property
    def designs(self) -> Mapping[str, Mapping[str, object]]:
        return {TEMPLATE: DESIGN}

    async def start(self) -> None:
        share = self._project / "share"
        await self._running.enter_async_context(scanning(self._project, share=share, faults=self._faults))

    async def stop(self) -> None:
        await self._running.aclose()

    async def skip(self, orders: Sequence[Order]) -> None:
        self._faults = {"drop_keys": [str(order.communication_id) for order in orders]}
        await self.stop()
        await self.start()

    async def hold(self) -> None:
        await self.stop()

    async def let_go(self) -> None:
        await self.start()

    async def go_down(self) -> None:
        await self.stop()
        (self._project / "share").rename(self._project / "unmounted")

    async def lose_answers(self, answers: int) -> NoReturn:
        del answers
        not_applicable("a rename on this machine loses no answer; what a crash leaves behind has tests of its own")


@asynccontextmanager
async def open_submission_stand_in(project_folder: Path) -> AsyncGenerator[DirectoryStandIn]:
    write_design(project_folder, DESIGN)
    for name in ("in", "out"):
        (project_folder / "share" / name).mkdir(parents=True)
    stand_in = DirectoryStandIn(project_folder)
    await stand_in.start()
    try:
        yield stand_in
    finally:
        await stand_in.stop()
