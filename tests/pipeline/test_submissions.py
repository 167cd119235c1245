from datetime import timedelta

import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_composer import SOON, ScriptedComposer, number_of
from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.submission import Made, Underway
from xconnector.domain.communication import State
from xconnector.domain.document import RenditionKind
from xconnector.domain.failure import FailureKind, Settlement
from xconnector.execution.jobs import Attempt
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.operations.reconciling import reconcile_run
from xconnector.operations.settling import settle
from xconnector.pipeline.compose import compose
from xconnector.pipeline.prepare import prepare
from xconnector.pipeline.retrying import LONGEST_WAIT, wait_after
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = [row(str(number)) for number in range(9)]
LOST = OutcomeUnknownError("the answer was lost")
IMPATIENT = {"xconnector.yaml": [("connector: embedded", "connector: embedded, limits: {attempts: 2}")]}


@pytest.fixture
def scripted(composer: EmbeddedComposer) -> ScriptedComposer:
    return ScriptedComposer(embedded=composer)


def _numbers(scripted: ScriptedComposer, submission: int = 0) -> list[str]:
    return [number_of(order) for order in scripted.taken[scripted.submissions[submission].submission_key]]


async def _reprocess(opened: Office) -> None:
    await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="mended")


async def test_a_run_is_composed_as_one_job(office: OpenOffice, scripted: ScriptedComposer) -> None:
    scripted.on_look = [Underway(said="started", look_again_after=SOON)] * 2
    async with office(instead={"composer": scripted}) as opened:
        run = await opened.run(ROWS, batch_size=2)
        await opened.work()
        found = await reconcile_run(opened.place.pool, run.name)
        story = (await opened.explain("3")).history

    assert found.account.states == {State.COMPLETED: 9}
    assert found.account.closes
    (submission,) = found.submissions
    assert (submission.orders, submission.composed, submission.left_out, submission.unasked) == (9, 9, 0, 0)
    assert sorted(_numbers(scripted)) == [str(number) for number in range(9)]
    assert scripted.submissions[0].run == run.name
    (told,) = [entry.detail for entry in story if entry.event == "submitted"]
    assert told is not None
    assert told["job"] == "J-1"
    assert told["submission"] == submission.submission_key


async def test_results_may_come_by_position(office: OpenOffice, scripted: ScriptedComposer) -> None:
    scripted.by_position, scripted.key = True, lambda _: None
    scripted.skips = lambda number: number == "4"
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS, batch_size=2)
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 8, State.FAILED: 1}
    assert failure.source_key == "4"


async def test_single_events_may_be_composed_while_we_wait(office: OpenOffice, scripted: ScriptedComposer) -> None:
    scripted.single_orders_too = False
    async with office(instead={"composer": scripted}) as opened:
        await opened.send(notice("1"))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert scripted.submissions == []


async def test_single_events_may_be_submitted(office: OpenOffice, scripted: ScriptedComposer) -> None:
    async with office(instead={"composer": scripted}) as opened:
        await opened.send(notice("1"), notice("2"))
        account = await opened.work()

    assert account.states == {State.COMPLETED: 2}
    assert len(scripted.submissions) == 1


async def test_a_large_run_leaves_in_submissions_of_the_size_that_the_composer_takes(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.at_most = 4
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS, batch_size=2)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert sorted(submission.orders for submission in scripted.submissions) == [1, 4, 4]


async def test_what_the_composer_skips_fails_by_name_and_is_composed_when_it_is_reprocessed(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.skips = lambda number: number in {"2", "7"}
    async with office(instead={"composer": scripted}) as opened:
        run = await opened.run(ROWS, batch_size=2)
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)
        (submission,) = (await reconcile_run(opened.place.pool, run.name)).submissions

        assert account.states == {State.COMPLETED: 7, State.FAILED: 2}
        assert account.closes
        assert {(failure.source_key, failure.stage, failure.reason) for failure in failed} == {
            ("2", "compose", "the engine skipped it"),
            ("7", "compose", "the engine skipped it"),
        }
        assert (submission.composed, submission.left_out) == (7, 2)

        scripted.skips = lambda _: False
        await _reprocess(opened)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert account.closes
    again = scripted.submissions[1:]
    assert sum(submission.orders for submission in again) == 2
    first = _numbers(scripted)
    for number, submission in enumerate(again, start=1):
        repeats = submission.repeats
        assert repeats is not None
        assert repeats.submission_key == scripted.submissions[0].submission_key
        assert [first[position - 1] for position in repeats.positions] == _numbers(scripted, number)


async def test_an_order_that_is_not_admitted_fails_alone(office: OpenOffice, scripted: ScriptedComposer) -> None:
    scripted.refuses = lambda order: number_of(order) == "5"
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS, batch_size=2)
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 8, State.FAILED: 1}
    assert (failure.source_key, failure.stage) == ("5", "compose")


async def test_two_with_the_same_key_never_stand_in_one_submission(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.key = lambda _: "the same account"
    scripted.by_position = True
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS[:3])
        account = await opened.work()

    assert account.states == {State.COMPLETED: 3}
    assert [submission.orders for submission in scripted.submissions] == [1, 1, 1]


async def test_results_that_nobody_asked_for_are_counted_and_change_nothing(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.further = [Made(key="a stranger", result=PermanentError("x")), Made(key=99, result=PermanentError("x"))]
    async with office(instead={"composer": scripted}) as opened:
        run = await opened.run(ROWS)
        account = await opened.work()
        (submission,) = (await reconcile_run(opened.place.pool, run.name)).submissions

    assert account.states == {State.COMPLETED: 9}
    assert submission.unasked == 2


async def test_a_rendition_that_the_route_needs_and_the_composer_did_not_make_fails_that_one(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.makes = frozenset({RenditionKind.LETTER})
    async with office(instead={"composer": scripted}) as opened:
        await opened.run([row("1", email="a@x.test"), row("2")])
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 1, State.FAILED: 1}
    assert (failure.source_key, failure.stage) == ("1", "compose")
    assert "email" in failure.reason


async def test_a_composer_that_is_down_gets_the_submission_later(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_submit = TransientError("it is down", retry_after=timedelta(0))
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert len(scripted.taken) == 1


@pytest.mark.parametrize("error", [PermanentError("no such channel"), MisconfiguredError("wrong key")])
async def test_a_submission_that_is_refused_becomes_named_failures_and_can_be_made_again(
    office: OpenOffice, scripted: ScriptedComposer, error: ConnectorError
) -> None:
    scripted.on_submit = error
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.FAILED: 9}
        assert account.closes
        assert {(failure.stage, failure.reason) for failure in failed} == {("compose", str(error))}

        await _reprocess(opened)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}


async def test_a_lost_answer_is_looked_for_and_the_submission_is_not_made_twice(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_submit = LOST
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert len(scripted.submissions) == 1


async def test_a_lost_answer_is_looked_for_as_long_as_the_composer_says_that_it_may_be_found(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_submit = LOST
    scripted.on_find = TransientError("not yet")

    async def has_been_searched_for_twice() -> bool:
        return scripted.searches >= 2

    async with office(IMPATIENT, instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        async with opened.at_work():
            await opened.until(has_been_searched_for_twice)
        assert (await opened.account()).states == {State.COMPOSING: 9}
        scripted.on_find = None
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert len(scripted.submissions) == 1


async def test_a_lost_answer_that_cannot_be_found_out_is_settled_as_arrived(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_submit = LOST
    scripted.on_find = OutcomeUnknownError("nobody can say")
    async with office(IMPATIENT, instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.OUTCOME_UNKNOWN: 9}
        assert account.closes
        assert {(failure.stage, failure.kind) for failure in failed} == {("submit", FailureKind.UNKNOWN_OUTCOME)}

        scripted.on_find = None
        await _settle(opened, Settlement.ARRIVED)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert len(scripted.submissions) == 1


async def test_a_lost_answer_that_is_settled_as_not_arrived_is_submitted_anew(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_submit = LOST
    scripted.on_find = OutcomeUnknownError("nobody can say")
    async with office(IMPATIENT, instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        await opened.work()
        await _settle(opened, Settlement.NOT_ARRIVED)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert account.closes
    assert len(scripted.submissions) == 2


async def _settle(opened: Office, settlement: Settlement) -> None:
    settled = await settle(
        opened.place.pool, opened.place.jobs, Choice(), settlement, actor="ops", reason="looked at the console"
    )
    assert settled == 9


@pytest.mark.parametrize(
    "error", [TransientError("the mount is away"), OutcomeUnknownError("no answer")], ids=["outage", "lost answer"]
)
async def test_a_look_that_fails_is_repeated(
    office: OpenOffice, scripted: ScriptedComposer, error: ConnectorError
) -> None:
    scripted.on_look = [error]
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert len(scripted.submissions) == 1


async def test_a_look_that_settings_prevent_stops_it_until_somebody_reprocesses_and_nothing_is_submitted_again(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_look = [MisconfiguredError("the mount is another")]
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.FAILED: 9}
        assert {failure.stage for failure in failed} == {"fetch"}

        await _reprocess(opened)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert account.closes
    assert len(scripted.submissions) == 1


async def test_a_job_that_made_nothing_becomes_failures_that_can_be_composed_again(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_look = [PermanentError("the job failed")]
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()
        assert account.states == {State.FAILED: 9}

        await _reprocess(opened)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert sum(submission.orders for submission in scripted.submissions) == 18


async def test_large_claims_wait_for_review_with_the_bytes_of_the_job(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    async with office(instead={"composer": scripted}) as opened:
        await opened.run([row("1"), row("2", amount="2000.00")])
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1, State.IN_REVIEW: 1}


async def test_a_submission_that_is_settled_in_part_is_not_handed_over_in_part(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.by_position, scripted.key = True, lambda _: None
    scripted.on_submit = LOST
    scripted.on_find = OutcomeUnknownError("nobody can say")
    async with office(IMPATIENT, instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        await opened.work()
        scripted.on_find = None
        scripted.taken.clear()
        one = Choice(communication_id=(await opened.explain("5")).found.communication_id)
        await settle(
            opened.place.pool, opened.place.jobs, one, Settlement.ARRIVED, actor="ops", reason="it should be there"
        )
        account = await opened.work()

        assert account.states == {State.COMPLETED: 1, State.OUTCOME_UNKNOWN: 8}
        assert account.closes
        assert [_numbers(scripted, number) for number in range(1, len(scripted.submissions))] == [["5"]]

        # The rest can be settled either way, too, and nobody is left waiting.
        await settle(
            opened.place.pool, opened.place.jobs, Choice(), Settlement.ARRIVED, actor="ops", reason="the others, too"
        )
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert account.closes


async def test_a_job_that_never_ends_becomes_named_failures_when_its_time_is_up(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.on_look = [Underway(said="waits for the printer", look_again_after=SOON)] * 1000
    hasty = {"xconnector.yaml": [("connector: embedded", "connector: embedded, limits: {report_within: 500ms}")]}
    async with office(hasty, instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.FAILED: 9}
        assert {(failure.stage, failure.kind) for failure in failed} == {("fetch", FailureKind.OUTAGE)}
        assert "waits for the printer" in failed[0].reason

        scripted.on_look = []
        await _settle(opened, Settlement.NOT_ARRIVED)
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert sum(submission.orders for submission in scripted.submissions) == 18


async def test_two_submissions_never_share_a_job(office: OpenOffice, scripted: ScriptedComposer) -> None:
    scripted.job = "the only job there is"
    async with office(IMPATIENT, instead={"composer": scripted}) as opened:
        await opened.run(ROWS[:2])
        await opened.work()
        await opened.run([row("10"), row("11")], name="second.csv")
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 2, State.OUTCOME_UNKNOWN: 2}
    assert {failure.stage for failure in failed} == {"submit"}


async def test_what_the_job_tells_at_its_end_is_kept(office: OpenOffice, scripted: ScriptedComposer) -> None:
    async with office(instead={"composer": scripted}) as opened:
        run = await opened.run(ROWS[:1])
        await opened.work()
        (submission,) = (await reconcile_run(opened.place.pool, run.name)).submissions
        story = (await opened.explain("0")).history

    assert submission.detail == {"job": "J-1", "pages": "many"}
    (told,) = [entry.detail for entry in story if entry.event == "composed"]
    assert told is not None
    assert told["pages"] == "many"


async def test_orders_that_wait_for_a_composer_that_takes_no_submissions_any_more_are_composed_all_the_same(
    office: OpenOffice, scripted: ScriptedComposer, composer: EmbeddedComposer
) -> None:
    async with office(instead={"composer": scripted}) as opened:
        await opened.send(notice("1"))
        # Ordered, and not gathered yet: nobody is at work.
        for number, stage in enumerate((prepare, compose)):
            attempt = Attempt(stage=stage.__name__, ids={"batch_id": 1}, priority=0, number=1, job_id=number)
            await stage(opened.place, attempt, 1)
        assert await opened.state_of("1") is State.COMPOSING

    async with office(instead={"composer": composer}) as opened:
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}


async def test_a_wait_stays_the_longest_however_often_something_was_tried() -> None:
    assert wait_after(10_000) == LONGEST_WAIT


async def test_results_under_keys_of_nobody_tell_that_the_key_differs(
    office: OpenOffice, scripted: ScriptedComposer
) -> None:
    scripted.key = lambda order: f"another {number_of(order)}"
    async with office(instead={"composer": scripted}) as opened:
        await opened.run(ROWS)
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.FAILED: 9}
    assert {"compare the key" in failure.reason for failure in failed} == {True}
