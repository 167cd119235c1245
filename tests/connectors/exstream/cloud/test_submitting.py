"""A connection whose runs are batches: it submits what has a channel, and keeps the designs' states before that."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.connectors.exstream.cloud.batches import (
    CHANNEL,
    DESIGN,
    TEMPLATE,
    a_submission,
    key,
    orders,
    streamed,
    write_batch_design,
)
from tests.connectors.exstream.cloud.opened import design_section, set_state, settings_of
from tests.connectors.exstream.sandbox_program import SandboxProgram, exstream_program
from xconnector.connectors.exstream.cloud.composer import SubmittingComposer, open_composer
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composition
from xconnector.contract.errors import MisconfiguredError, PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.submission import Made, Submission, SubmissionOutcome

ON_DEMAND = "another_template"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("output")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, output: Path) -> Generator[SandboxProgram]:
    project = tmp_path_factory.mktemp("project")
    write_batch_design(project)
    with exstream_program(project, output) as running:
        yield running


@asynccontextmanager
async def submitting(program: SandboxProgram, mount: Path, **sections: object) -> AsyncGenerator[SubmittingComposer]:
    batch = {"outputs": {"mount": str(mount), "settled_after": "100ms"}, "look_every": "100ms"}
    without_channel = {name: value for name, value in DESIGN.items() if name != "batch_channel"}
    designs = {TEMPLATE: DESIGN, ON_DEMAND: without_channel}
    surroundings = Surroundings(
        project_folder=mount,
        state_folder=mount.parent / "state",
        designs={template: ExstreamDesign.model_validate(said) for template, said in designs.items()},
    )
    composer = open_composer(settings_of(program, batch=batch, **sections), surroundings)
    assert isinstance(composer, SubmittingComposer)
    async with composer:
        yield composer


async def made_of(composer: SubmittingComposer, submission: Submission, reference: str) -> Sequence[Made]:
    while True:
        seen = await composer.look(submission, reference)
        if isinstance(seen, SubmissionOutcome):
            return [one async for one in seen.made]
        await asyncio.sleep(seen.look_again_after.total_seconds())


async def test_a_run_is_submitted_and_every_customer_comes_back(exstream: SandboxProgram, output: Path) -> None:
    submission = a_submission(5, "through-the-composer")
    async with submitting(exstream, output) as composer:
        await composer.check()
        assert [composer.admit(order) for order in orders(5)] == [key(number) for number in range(1, 6)]
        receipt = await composer.submit(submission, streamed(orders(5)))
        made = await made_of(composer, submission, receipt.reference)

    assert {one.key for one in made} == {key(number) for number in range(1, 6)}
    (engine,) = {one.result.engine for one in made if isinstance(one.result, Composition)}
    assert engine == f"Exstream 24.4.0 domain sandbox batch channel {CHANNEL}"


async def test_events_and_designs_without_a_channel_go_on_demand(exstream: SandboxProgram, output: Path) -> None:
    async with submitting(exstream, output) as composer:
        submitted = {
            (template, of_run): composer.submits(template, of_run=of_run)
            for template in (TEMPLATE, ON_DEMAND, "there_is_no_such_template")
            for of_run in (True, False)
        }
        (result,) = await composer.compose(orders(1))

    assert [which for which, yes in submitted.items() if yes] == [(TEMPLATE, True)]
    assert isinstance(result, Composition)


async def test_nothing_is_submitted_of_a_design_that_is_not_approved(exstream: SandboxProgram, output: Path) -> None:
    await set_state(exstream, "REVIEW")
    gated = design_section(exstream, require_state="APPROVED")
    async with submitting(exstream, output, design=gated) as composer:
        with pytest.raises(PermanentError, match="is in REVIEW"):
            await composer.submit(a_submission(1, "not-approved"), streamed(orders(1)))

    assert (await exstream.seen())["submissions"] == []


async def test_a_mount_that_is_missing_is_told_by_check(exstream: SandboxProgram, tmp_path: Path) -> None:
    async with submitting(exstream, tmp_path / "not-mounted") as composer:
        with pytest.raises(MisconfiguredError):
            await composer.check()
