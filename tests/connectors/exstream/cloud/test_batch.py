import asyncio
import json
import os
from collections.abc import AsyncIterator, Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.connectors.exstream.cloud.batches import (
    CHANNEL,
    DESIGN,
    TEMPLATE,
    a_submission,
    ended,
    key,
    open_batch,
    orders,
    results,
    run_through,
    streamed,
    write_batch_design,
)
from tests.connectors.exstream.sandbox_program import SandboxProgram, exstream_program
from xconnector.connectors.exstream.cloud.batch import Batch
from xconnector.connectors.exstream.cloud.batch_results import Reference
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import (
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.submission import Submission, SubmissionReceipt, Underway
from xconnector.testing.orders import ALL_KINDS, sample_order


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("output")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, output: Path) -> Generator[SandboxProgram]:
    project = tmp_path_factory.mktemp("project")
    write_batch_design(project)
    with exstream_program(project, output) as running:
        yield running


@pytest.fixture
async def exstream(program: SandboxProgram) -> SandboxProgram:
    await program.reset()
    await program.misbehave(delivery_pause=0)
    return program


async def test_a_run_comes_back_customer_by_customer(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    async with open_batch(exstream, output, tmp_path) as batch:
        found, outcome = await run_through(batch, orders(12))

    assert found.keys() == {key(number) for number in range(1, 13)}
    for made in found.values():
        assert isinstance(made, Composition)
        assert {piece.kind for piece in made.renditions} == ALL_KINDS
        assert made.engine == f"exstream {TEMPLATE} {CHANNEL}"
    assert outcome.detail["customers processed"] == "12"
    assert outcome.detail["traces"]
    assert not list((tmp_path / "delivered").iterdir())


async def test_each_customer_gets_its_own_document(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    async with open_batch(exstream, output, tmp_path) as batch:
        together, _ = await run_through(batch, orders(3), "s-1")
        alone, _ = await run_through(batch, orders(1, first=2), "s-2")

    assert together[key(2)] == alone[key(2)]
    assert len({str(made) for made in together.values()}) == 3


async def test_the_outputs_of_all_flows_are_brought_together(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(flows=3)

    async with open_batch(exstream, output, tmp_path) as batch:
        found, outcome = await run_through(batch, orders(4))

    for made in found.values():
        assert isinstance(made, Composition), made
        assert {piece.kind for piece in made.renditions} == ALL_KINDS
    assert outcome.detail["delivery files"] == "3"


async def test_whoever_the_engine_skips_is_left_out_with_job_and_remedy(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(drop_keys=[key(2), key(5)])

    async with open_batch(exstream, output, tmp_path) as batch:
        found, outcome = await run_through(batch, orders(6))

    assert found.keys() == {key(number) for number in (1, 3, 4, 6)}
    assert isinstance(outcome.left_out, PermanentError)
    assert "the engine skipped this customer" in str(outcome.left_out)
    assert "complete" in str(outcome.left_out)


async def test_a_design_without_a_key_gets_results_by_position(tmp_path: Path) -> None:
    by_position = {**DESIGN, "key": {"name": "number"}}
    write_batch_design(tmp_path / "project", key={"name": "number"})

    with exstream_program(tmp_path / "project", tmp_path / "output") as program:
        async with open_batch(program, tmp_path / "output", tmp_path / "state", design=by_position) as batch:
            assert batch.admit(orders(1)[0]) is None
            found, _ = await run_through(batch, orders(3))

    assert found.keys() == {1, 2, 3}


async def test_a_delivery_file_that_comes_late_is_awaited(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(delivery_lag=0.2, delivery_parts=3)

    async with open_batch(exstream, output, tmp_path) as batch:
        found, _ = await run_through(batch, orders(3))

    assert len(found) == 3


async def test_a_job_at_work_is_underway(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    await exstream.misbehave(job_seconds=60)
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        seen = await batch.look(submission, receipt.reference)

    assert isinstance(seen, Underway)
    assert seen.said == f"job {receipt.detail['jobs']!r} is told to be 'started'"


async def test_an_unknown_word_is_underway_and_told(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    await exstream.misbehave(job_ends="Ruhend")
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        while "Ruhend" not in (said := str(await batch.look(submission, receipt.reference))):
            pass

    assert "which `batch.words` does not know" in said


async def test_an_unknown_word_does_not_stay_underway_for_ever(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(job_ends="Ruhend")
    outputs = {"mount": str(output), "settled_after": "100ms", "awaited_for": "0s"}
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        while "Ruhend" not in str(await batch.look(submission, receipt.reference)):
            pass
    async with open_batch(exstream, output, tmp_path, outputs=outputs) as batch:
        with pytest.raises(MisconfiguredError, match=r"'Ruhend', which `batch\.words` does not know: say there"):
            await batch.look(submission, receipt.reference)


def long_ago(submission: Submission) -> Submission:
    """Return it as one that was submitted two hours ago, and gathered three hours ago."""
    now = datetime.now(UTC)
    return replace(submission, created_at=now - timedelta(hours=3), submitted_at=now - timedelta(hours=2))


@pytest.mark.parametrize("word", ["error", "CANCELED", "Failed"])
async def test_a_job_that_ended_badly_made_nothing(
    exstream: SandboxProgram, output: Path, tmp_path: Path, word: str
) -> None:
    await exstream.misbehave(job_ends=word)
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        with pytest.raises(PermanentError, match=rf"has ended as '{word}'.*trace.*reprocess"):
            await ended(batch, submission, receipt.reference)


async def test_words_can_be_declared(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    await exstream.misbehave(job_ends="kaputt")
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path, words={"failed": ["Kaputt"]}) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        with pytest.raises(PermanentError):
            await ended(batch, submission, receipt.reference)


async def test_a_channel_that_is_not_published_is_told_with_its_remedy(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(unpublished=[CHANNEL])

    async with open_batch(exstream, output, tmp_path) as batch:
        with pytest.raises(PermanentError, match=f"channel '{CHANNEL}' is not published in domain"):
            await batch.submit(a_submission(1), streamed(orders(1)))


async def test_a_submission_that_was_refused_surely_has_not_begun(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(unpublished=[CHANNEL])

    async with open_batch(exstream, output, tmp_path) as batch:
        with pytest.raises(PermanentError):
            await batch.submit(a_submission(1), streamed(orders(1)))

        assert await batch.find(a_submission(1)) is None


async def found(batch: Batch, submission: Submission) -> SubmissionReceipt:
    """Look again and again until a lost submission is found."""
    while True:
        try:
            receipt = await batch.find(submission)
        except TransientError:
            await asyncio.sleep(0.1)
        else:
            assert receipt is not None
            return receipt


@pytest.mark.parametrize("flows", [1, 2])
async def test_a_lost_answer_is_unknown_and_its_job_is_found_by_its_customers(
    exstream: SandboxProgram, output: Path, tmp_path: Path, flows: int
) -> None:
    submission = a_submission(30)
    first = 1000 * flows
    await exstream.misbehave(lose_next=1, flows=flows)

    async with open_batch(exstream, output, tmp_path) as batch:
        with pytest.raises(OutcomeUnknownError):
            await batch.submit(submission, streamed(orders(30, first)))
    async with open_batch(exstream, output, tmp_path) as other:
        receipt = await found(other, submission)
        made = await results(await ended(other, submission, receipt.reference))

    assert receipt.jobs == set(receipt.detail["jobs"].split(", "))
    assert made.keys() == {key(number) for number in range(first, first + 30)}
    assert {type(one) for one in made.values()} == {Composition}


async def test_what_was_answered_is_found_again_also_by_whoever_did_not_hear_it(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(2)
    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(2)))
    await exstream.misbehave(down=True)

    async with open_batch(exstream, output, tmp_path, flow_only_composes=True, found_within="0s") as other:
        assert await other.find(submission) == receipt


async def test_a_receipt_names_its_jobs_also_where_it_was_kept_without(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(1)
    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        (file,) = (tmp_path / "handed-over").iterdir()
        lines = [json.loads(line) for line in file.read_bytes().split(b"\n") if line]
        del lines[-1]["receipt"]["jobs"]
        file.write_text("\n".join(map(json.dumps, lines)), "utf-8")

        assert receipt.jobs == {receipt.detail["jobs"]}
        assert await batch.find(submission) == receipt


async def test_a_second_submission_of_the_same_customers_does_not_get_the_first_one_s_job(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(2)
    async with open_batch(exstream, output, tmp_path) as batch:
        _, first = await run_through(batch, orders(2, first=5000), "s-0")
        await exstream.misbehave(lose_next=1)
        with pytest.raises(OutcomeUnknownError):
            await batch.submit(submission, streamed(orders(2, first=5000)))
        second = await ended(batch, submission, (await found(batch, submission)).reference)

    assert first.detail["traces"] != second.detail["traces"]


async def test_a_job_that_began_before_is_not_taken_for_the_lost_one(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    async with open_batch(exstream, output, tmp_path / "another") as another:
        await run_through(another, orders(2, first=5100), "s-0")
        await asyncio.sleep(0.1)
    async with open_batch(exstream, output, tmp_path, clocks_apart="0s") as batch:
        await exstream.misbehave(lose_next=1, delivery_file="missing")
        with pytest.raises(OutcomeUnknownError):
            await batch.submit(a_submission(2), streamed(orders(2, first=5100)))
        with pytest.raises(TransientError, match="no job is known yet"):
            await batch.find(a_submission(2))


async def test_two_submissions_of_the_same_customers_that_were_both_lost_are_not_mixed_up(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submissions = [a_submission(2, "s-1"), a_submission(2, "s-2")]
    async with open_batch(exstream, output, tmp_path) as batch:
        await exstream.misbehave(lose_next=2, delivery_file="missing")
        for submission in submissions:
            with pytest.raises(OutcomeUnknownError):
                await batch.submit(submission, streamed(orders(2, first=5300)))
            await exstream.misbehave(delivery_file="whole")

        with pytest.raises(OutcomeUnknownError, match="cannot be told whether the jobs"):
            await found(batch, submissions[0])


async def test_a_job_of_another_channel_is_not_taken_for_the_lost_one(tmp_path: Path) -> None:
    project, output = tmp_path / "project", tmp_path / "output"
    write_batch_design(project)
    write_batch_design(project, "another", batch_channel="OtherRuns")
    with exstream_program(project, output) as program:
        other = {**DESIGN, "batch_channel": "OtherRuns"}
        async with open_batch(program, output, tmp_path / "another", design=other) as another:
            await run_through(another, orders(2))
        await program.misbehave(lose_next=1, delivery_file="missing")
        async with open_batch(program, output, tmp_path / "state", clocks_apart="60s") as batch:
            with pytest.raises(OutcomeUnknownError):
                await batch.submit(a_submission(2), streamed(orders(2)))
            with pytest.raises(TransientError, match="no job is known yet"):
                await batch.find(a_submission(2))


@pytest.mark.parametrize("path, is_found", [("communication.id", True), ("customer.key", False)])
async def test_where_jobs_cannot_be_asked_only_the_id_of_a_communication_proves_one(
    tmp_path: Path, path: str, is_found: bool
) -> None:
    project, output = tmp_path / "project", tmp_path / "output"
    key = {"name": "CommunicationId", "path": path}
    keyed = {**DESIGN, "key": key}
    write_batch_design(project, key=key)
    with exstream_program(project, output) as program:
        await program.misbehave(lose_next=1)
        async with open_batch(program, output, tmp_path / "state", design=keyed, follow="files") as batch:
            with pytest.raises(OutcomeUnknownError):
                await batch.submit(a_submission(2), streamed(orders(2)))
            if is_found:
                receipt = await found(batch, a_submission(2))
                assert len(await results(await ended(batch, a_submission(2), receipt.reference))) == 2
            else:
                with pytest.raises(OutcomeUnknownError, match="cannot be told whether the jobs"):
                    await found(batch, a_submission(2))


async def test_of_two_jobs_that_nobody_told_of_none_is_taken_for_the_lost_one(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    async with open_batch(exstream, output, tmp_path / "another") as another:
        await run_through(another, orders(2, first=5200), "s-0")
    before = written(output)
    async with open_batch(exstream, output, tmp_path, clocks_apart="60s") as batch:
        await exstream.misbehave(lose_next=1)
        with pytest.raises(OutcomeUnknownError):
            await batch.submit(a_submission(2), streamed(orders(2, first=5200)))
        while written(output) == before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)

        with pytest.raises(OutcomeUnknownError, match="cannot be told whether the jobs"):
            await batch.find(a_submission(2))


def written(output: Path) -> int:
    return len(list(output.rglob("_STDDELIVERYFILE.xml")))


async def test_another_submission_s_job_is_not_taken_for_the_lost_one(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    async with open_batch(exstream, output, tmp_path) as batch:
        await run_through(batch, orders(3, first=500), "s-0")
        await exstream.misbehave(lose_next=1, delivery_file="missing")
        with pytest.raises(OutcomeUnknownError):
            await batch.submit(a_submission(1), streamed(orders(1, first=600)))

        with pytest.raises(TransientError, match="no job is known yet"):
            await batch.find(a_submission(1))


async def test_where_flows_only_compose_a_job_that_left_nothing_counts_as_not_begun_after_a_while(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(lose_next=1, delivery_file="missing")
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path, flow_only_composes=True) as batch:
        with pytest.raises(OutcomeUnknownError):
            await batch.submit(submission, streamed(orders(1, first=700)))
        with pytest.raises(TransientError, match="it is looked for 1:00:00 long"):
            await batch.find(submission)
    async with open_batch(exstream, output, tmp_path, found_within="0s") as batch:
        with pytest.raises(OutcomeUnknownError, match="look in Exstream"):
            await batch.find(submission)
    async with open_batch(exstream, output, tmp_path, flow_only_composes=True, found_within="0s") as batch:
        assert await batch.find(submission) is None


async def test_what_took_long_to_gather_is_looked_for_as_long_as_anything(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(1, created_at=datetime.now(UTC) - timedelta(hours=2))
    within = "300ms"

    async with open_batch(exstream, output, tmp_path, flow_only_composes=True, found_within=within) as batch:
        with pytest.raises(TransientError, match="no job is known yet"):
            await batch.find(submission)
        await asyncio.sleep(0.4)
        assert await batch.find(submission) is None


async def test_which_flows_are_awaited_can_be_said_after_submitting(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(2)

    async with open_batch(exstream, output, tmp_path, flow_models=["Mailing"]) as batch:
        receipt = await batch.submit(submission, streamed(orders(2)))
        with pytest.raises(MisconfiguredError, match=rf"names none.*{receipt.detail['flow models']}"):
            await batch.look(submission, receipt.reference)
    async with open_batch(exstream, output, tmp_path, flow_models=[receipt.detail["flow models"]]) as mended:
        assert len(await results(await ended(mended, submission, receipt.reference))) == 2


def test_flows_of_other_models_are_not_awaited() -> None:
    flows = {"J1": ["F1", "F2"], "J2": ["F3"], "J3": ["F4"]}
    told = Reference(jobs=flows, models={"F1": ["M1", "Letters"], "F2": ["M2"], "F3": ["M2"]})

    assert list(told.awaited(frozenset({"Letters"})).flows) == [("J1", "F1"), ("J3", "F4")]
    assert list(told.awaited(frozenset()).flows) == list(told.flows)


async def test_a_driver_that_was_not_sent_to_its_end_began_nothing(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    class CrashError(Exception):
        pass

    async def crashing() -> AsyncIterator[Order]:
        yield orders(1)[0]
        raise CrashError

    submission = a_submission(2)
    async with open_batch(exstream, output, tmp_path) as batch:
        with pytest.raises(CrashError):
            await batch.submit(submission, crashing())

        assert await batch.find(submission) is None


async def test_while_it_is_handed_over_nobody_takes_it_for_lost(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(2)

    async with open_batch(exstream, output, tmp_path) as batch, open_batch(exstream, output, tmp_path) as other:

        async def interrupted() -> AsyncIterator[Order]:
            yield orders(1)[0]
            for meddle in (lambda: other.find(submission), lambda: other.submit(submission, streamed(orders(1)))):
                with pytest.raises(OutcomeUnknownError, match="still being handed over"):
                    await meddle()
            yield orders(1, first=2)[0]

        receipt = await batch.submit(submission, interrupted())
        made = await results(await ended(batch, submission, receipt.reference))

    assert len(made) == 2


async def test_a_state_folder_that_cannot_be_written_to_is_misconfigured(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file, and no folder")

    async with open_batch(exstream, output, tmp_path / "state") as batch:
        with pytest.raises(MisconfiguredError, match="working files"):
            await batch.submit(a_submission(1), streamed(orders(1)))


async def test_an_output_that_went_away_fails_its_customer_alone(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(3)

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(3)))
        outcome = await ended(batch, submission, receipt.reference)
        (gone,) = (output / exstream.facts["domain"] / "jobs" / receipt.detail["jobs"]).rglob(f"*{key(2)}*.pdf")
        gone.unlink()
        made = await results(outcome)

    assert isinstance(made[key(2)], PermanentError)
    assert "is not there" in str(made[key(2)])
    assert key(2) not in str(made[key(2)])
    assert {type(made[key(number)]) for number in (1, 3)} == {Composition}


async def test_a_mount_that_goes_away_ends_the_stream(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    (tmp_path / "mount").symlink_to(output)
    submission = a_submission(3)

    async with open_batch(exstream, tmp_path / "mount", tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(3)))
        outcome = await ended(batch, submission, receipt.reference)
        (tmp_path / "mount").unlink()
        with pytest.raises(MisconfiguredError, match="mount"):
            await results(outcome)

    assert not list((tmp_path / "delivered").iterdir())


async def test_a_job_without_an_id_is_unknown(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    await exstream.misbehave(null_job_ids=True)

    async with open_batch(exstream, output, tmp_path) as batch:
        with pytest.raises(OutcomeUnknownError):
            await batch.submit(a_submission(1), streamed(orders(1)))


async def test_a_job_that_orchestration_forgot_is_told_by_its_outputs(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(2)

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(2)))
        first = await results(await ended(batch, submission, receipt.reference))
        await exstream.misbehave(forget_jobs=True)

        assert await results(await ended(batch, submission, receipt.reference)) == first


async def test_a_job_that_nobody_knows_and_that_left_nothing_ends(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(1, created_at=datetime.now(UTC) - timedelta(hours=2))
    reference = json.dumps({"jobs": {"no-such-job": ["no-such-flow"]}})

    async with open_batch(exstream, output, tmp_path) as batch:
        with pytest.raises(PermanentError, match="Orchestration does not know its job"):
            await batch.look(submission, reference)


async def test_a_job_that_is_not_known_yet_is_awaited_also_where_gathering_took_long(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(forget_jobs=True, delivery_file="missing")
    gathered = replace(long_ago(a_submission(1)), submitted_at=datetime.now(UTC))

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(gathered, streamed(orders(1)))
        assert isinstance(await batch.look(gathered, receipt.reference), Underway)
        with pytest.raises(PermanentError, match="Orchestration does not know its job"):
            await batch.look(long_ago(gathered), receipt.reference)


async def test_files_that_never_come_are_told_where_the_status_cannot_be_asked(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(delivery_file="missing")
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path, follow="files") as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        assert isinstance(await batch.look(submission, receipt.reference), Underway)
        with pytest.raises(MisconfiguredError, match=r"although its job was submitted at .*correct `batch\.outputs`"):
            await batch.look(long_ago(submission), receipt.reference)


async def test_a_file_that_was_cut_off_is_told_once_nothing_more_is_written_to_it(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(delivery_file="truncated")
    submission = long_ago(a_submission(5))

    async with open_batch(exstream, output, tmp_path, follow="files") as batch:
        receipt = await batch.submit(submission, streamed(orders(5)))
        job = output / exstream.facts["domain"] / "jobs" / receipt.detail["jobs"]
        while not (found := list(job.rglob("_STDDELIVERYFILE.xml"))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        seen = await batch.look(submission, receipt.reference)
        assert isinstance(seen, Underway)
        assert "is not whole yet" in seen.said
        hours_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
        os.utime(found[0], (hours_ago, hours_ago))
        with pytest.raises(PermanentError, match="ends in the middle"):
            await batch.look(submission, receipt.reference)


async def test_files_alone_tell_where_the_status_cannot_be_asked(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    async with open_batch(exstream, output, tmp_path, follow="files") as batch:
        found, _ = await run_through(batch, orders(2))

    assert len(found) == 2
    assert not any("/runtime/" in line for line in (await exstream.seen())["requests"])


async def test_a_mount_that_is_not_there_is_misconfigured(exstream: SandboxProgram, tmp_path: Path) -> None:
    async with open_batch(exstream, tmp_path / "nowhere", tmp_path) as batch:
        with pytest.raises(MisconfiguredError, match=r"`outputs\.mount` is no folder"):
            await batch.check()


async def test_outputs_in_another_place_are_misconfigured_after_a_while(
    exstream: SandboxProgram, tmp_path: Path
) -> None:
    outputs = {"mount": str(tmp_path), "awaited_for": "0s"}
    submission = a_submission(1)

    async with open_batch(exstream, tmp_path, tmp_path, outputs=outputs) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        with pytest.raises(MisconfiguredError, match=r"correct `batch\.outputs`"):
            await ended(batch, submission, receipt.reference)


async def test_a_truncated_delivery_file_never_becomes_a_result(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    await exstream.misbehave(delivery_file="truncated")
    outputs = {"mount": str(output), "settled_after": "100ms", "awaited_for": "0s"}
    submission = a_submission(5)

    async with open_batch(exstream, output, tmp_path, outputs=outputs) as batch:
        receipt = await batch.submit(submission, streamed(orders(5)))
        with pytest.raises(PermanentError, match="ends in the middle"):
            await ended(batch, submission, receipt.reference)
    assert not list((tmp_path / "delivered").iterdir())


async def test_a_key_that_no_queue_gives_is_misconfigured(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    other = {**DESIGN, "key": {"name": "AccountNumber"}}
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path, design=other) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        with pytest.raises(MisconfiguredError, match="has the key 'AccountNumber'"):
            await ended(batch, submission, receipt.reference)


async def test_who_is_named_twice_fails_alone(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    await exstream.misbehave(delivery_file="duplicates")

    async with open_batch(exstream, output, tmp_path) as batch:
        found, _ = await run_through(batch, orders(2))

    assert [type(made) for made in found.values()] == [PermanentError, PermanentError]
    assert "names this customer 2 times" in str(found[key(1)])


async def test_an_order_that_does_not_fit_is_not_admitted(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    good = orders(1)[0]
    unfit = replace(good, data={**good.data, "communication": {**good.data["communication"], "id": None}})

    async with open_batch(exstream, output, tmp_path) as batch:
        assert batch.admit(good) == key(1)
        for bad in (unfit, sample_order(1, template="no_such")):
            with pytest.raises(PermanentError):
                batch.admit(bad)


async def test_only_runs_of_designs_with_a_channel_are_submitted(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    async with open_batch(exstream, output, tmp_path) as batch:
        assert batch.submits(TEMPLATE, of_run=True)
        assert not batch.submits(TEMPLATE, of_run=False)
        assert not batch.submits("no_such", of_run=True)
    async with open_batch(exstream, output, tmp_path, single_orders=True) as batch:
        assert batch.submits(TEMPLATE, of_run=False)
    async with open_batch(exstream, output, tmp_path, design={**DESIGN, "batch_channel": None}) as batch:
        assert not batch.submits(TEMPLATE, of_run=True)
        with pytest.raises(PermanentError, match="batch_channel"):
            batch.admit(orders(1)[0])


async def test_a_reference_that_leads_elsewhere_is_refused(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    async with open_batch(exstream, output, tmp_path) as batch:
        for reference in ("", "{}", '{"jobs":{}}', '{"jobs":{"..":["x"]}}', '{"jobs":{"x":["a/b"]}}'):
            with pytest.raises(MisconfiguredError, match="none that this connection gave: put the connection back"):
                await batch.look(a_submission(1), reference)


async def test_a_design_that_went_away_says_nothing_of_the_job(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    submission = a_submission(1)
    gone = replace(submission, template="renamed")

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        for asked in (batch.look(gone, receipt.reference), batch.find(gone)):
            with pytest.raises(MisconfiguredError, match=r"'renamed' has no exstream\.yaml.*put the file back"):
                await asked
        with pytest.raises(PermanentError, match=r"'renamed' has no exstream\.yaml"):
            await batch.submit(gone, streamed(orders(1)))


async def test_an_engine_that_does_not_say_what_it_is_says_nothing_of_the_job(
    exstream: SandboxProgram, output: Path, tmp_path: Path
) -> None:
    async def engine(template: str, design: ExstreamDesign) -> str:
        raise PermanentError(f"no version for {template} {design.batch_channel}")

    submission = a_submission(1)
    async with open_batch(exstream, output, tmp_path, engine=engine) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        with pytest.raises(MisconfiguredError, match=r"no version.*correct `orchestration\.version_path`"):
            await ended(batch, submission, receipt.reference)


async def test_an_outage_is_transient(exstream: SandboxProgram, output: Path, tmp_path: Path) -> None:
    submission = a_submission(1)

    async with open_batch(exstream, output, tmp_path) as batch:
        receipt = await batch.submit(submission, streamed(orders(1)))
        await exstream.misbehave(down=True)

        with pytest.raises(TransientError):
            await batch.look(submission, receipt.reference)
