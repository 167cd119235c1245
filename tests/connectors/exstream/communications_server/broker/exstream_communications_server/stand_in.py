"""The Service Broker of the sandbox's Exstream: the same composer, another door."""

import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import certifi

from tests.connectors.exstream.sandbox_program import SandboxProgram, running_exstream
from tests.connectors.exstream_communications_server.stand_in import TEMPLATE, write_design
from xconnector.sandbox.exstream.broker import NAMESPACE

DESIGN: Mapping[str, object] = {
    "service": {"name": "PolicyLetter", "version": "2"},
    "outputs": {
        "letter": {"queue": "archive"},
        "email": {"queue": "mail", "service": {"name": "PolicyMail", "version": ""}},
        "sms": {"queue": "text", "service": {"name": "PolicyText"}},
    },
}


class BrokerStandIn:
    def __init__(self, program: SandboxProgram, certificates: Path) -> None:
        self.program = program
        self._certificates = certificates

    @property
    def settings(self) -> Mapping[str, object]:
        service = broker_settings(self.program)
        return {"service": {**service, "ca_file": self._certificates.name}}

    @property
    def template(self) -> str:
        return TEMPLATE

    @property
    def designs(self) -> Mapping[str, Mapping[str, object]]:
        return {TEMPLATE: DESIGN}

    async def go_down(self) -> None:
        await self.program.end()

    async def misconfigure(self) -> None:
        # A Service Broker asks nobody who they are: what can be of no use is the file that says whom we trust.
        self._certificates.write_text("no certificate")


def broker_settings(program: SandboxProgram) -> dict[str, object]:
    return {"kind": "broker", "url": f"{program.url}/ServiceBroker", "namespace": NAMESPACE}


@asynccontextmanager
async def open_composer_stand_in(project_folder: Path) -> AsyncGenerator[BrokerStandIn]:
    write_design(project_folder, DESIGN)
    certificates = project_folder / "trusted.pem"
    shutil.copyfile(certifi.where(), certificates)
    async with running_exstream(project_folder, project_folder / "exstream-output") as program:
        yield BrokerStandIn(program, certificates)
