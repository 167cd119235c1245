"""One stand-in for all tests of a module: each finds it behaving, and with nothing seen."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.connectors.exstream.sandbox_program import SandboxProgram, exstream_program
from tests.connectors.exstream.stand_in import write_sample_design


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Generator[SandboxProgram]:
    project: Path = tmp_path_factory.mktemp("project")
    write_sample_design(project)
    with exstream_program(project, tmp_path_factory.mktemp("output")) as running:
        yield running


@pytest.fixture
async def exstream(program: SandboxProgram) -> SandboxProgram:
    await program.reset()
    return program
