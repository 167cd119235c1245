"""Nothing that stopped stays in the queue for ever: it can be started again, or dismissed."""

import pytest

from tests.office import Office, edit, notice, open_place
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.review import Decision
from xconnector.execution.jobs import Exhausted
from xconnector.operations.dismissing import dismiss
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.operations.reviews import decide, waiting_reviews
from xconnector.pipeline.giving_up import give_up
from xconnector.pipeline.workplace import state_folder
from xconnector.postgres.connect import transaction
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNFIT = {"mappings/notice.yaml": [("  number: number\n", "  number: {path: nummer, required: true}\n")]}


async def _mend_and_reprocess(opened: Office) -> tuple[int, int]:
    edit(opened.folder, "mappings/notice.yaml", "{path: nummer, required: true}", "number")
    async with open_place(opened.folder, opened.database, opened.relay.port) as mended:
        opened.place = mended
        done = await reprocess(mended.pool, mended.jobs, Choice(), actor="ops", reason="mapping mended")
        await opened.work()
    return done.started, done.left


async def test_a_key_that_was_set_aside_twice_is_taken_once_and_its_repetition_counts_as_one(
    office: OpenOffice,
) -> None:
    async with office(UNFIT) as opened:
        # Of runs every record has a row of its own; a single one would come home to its first.
        for given in (row("1"), row("1"), row("1", amount="99.00")):
            await opened.run([given])
            await opened.work()
        done = await _mend_and_reprocess(opened)
    async with office() as opened:
        account = await opened.account()
        (left,) = await open_failures(opened.place.pool, Choice(), limit=10)
        dismissed = await dismiss(opened.place.pool, Choice(), actor="ops", reason="the first one is right")
        after = await opened.account()
        open_after = await open_failures(opened.place.pool, Choice(), limit=10)
        story = await opened.story_of("1")

    assert done == (2, 1)
    assert account.states == {State.COMPLETED: 1}
    assert (account.records["taken"], account.records["repeated"], account.records["set_aside"]) == (1, 1, 1)
    assert account.closes
    assert left.source_key == "1"
    assert dismissed == 1
    assert open_after == []
    assert after == account
    assert "taken again" in story


async def test_a_communication_that_prepare_gave_up_is_prepared_again(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", amount=None))
        await opened.work()
        place = opened.place
        await reprocess(place.pool, place.jobs, Choice(), actor="ops", reason="try again")
        batch_id = (await opened.explain("1")).found.batch_id
        async with transaction(place.pool) as connection:
            await give_up(place, connection, Exhausted(stage="prepare", ids={"batch_id": batch_id}, error="broken"))
        (failure,) = await open_failures(place.pool, Choice(), limit=10)
        done = await reprocess(place.pool, place.jobs, Choice(), actor="ops", reason="mended")
        state = await opened.state_of("1")

    assert failure.stage == "prepare"
    assert (done.started, done.left) == (1, 0)
    assert state is State.TRIGGERED


async def test_a_document_that_is_gone_before_its_archive_is_composed_again(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", amount="2000.00"))
        await opened.work()
        await _approve(opened)
        for pack in (state_folder(opened.folder) / "content").rglob("*.pack"):
            pack.unlink()
        failed = await opened.work()
        done = await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="disk mended")
        again = await opened.work()
        await _approve(opened)
        account = await opened.work()

    assert failed.states == {State.FAILED: 1}
    assert (done.started, done.left) == (1, 0)
    assert again.states == {State.IN_REVIEW: 1}
    assert account.states == {State.COMPLETED: 1}
    assert account.closes


async def _approve(opened: Office) -> None:
    place = opened.place
    (review,) = await waiting_reviews(place.pool, role=None, limit=10)
    await decide(
        place.pool,
        place.jobs,
        place.project.people,
        communication="1",
        document_sha256=review.document_sha256,
        decision=Decision.APPROVED,
        person="anna",
        reason="seen",
    )


async def test_what_is_dismissed_is_cancelled_with_who_and_why(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", amount=None), notice("2", amount=None), notice("3"))
        await opened.send(notice("3", amount="99.00"))
        await opened.work()
        pool = opened.place.pool
        one = (await opened.explain("1")).found.communication_id
        first = await dismiss(pool, Choice(communication_id=one), actor="ops", reason="customer has left")
        between = await opened.account()
        rest = await dismiss(pool, Choice(), actor="ops", reason="all the same")
        nothing = await dismiss(pool, Choice(), actor="ops", reason="again")
        account = await opened.account()
        left = await open_failures(pool, Choice(), limit=10)
        found = await opened.explain("1")

    assert (first, rest, nothing) == (1, 2, 0)
    assert between.states == {State.COMPLETED: 1, State.CANCELLED: 1, State.FAILED: 1}
    assert account.states == {State.COMPLETED: 1, State.CANCELLED: 2}
    assert account.records["refused"] == 1
    assert account.reconciliation.standings["failed"] == 1  # type: ignore[index]
    assert account.closes
    assert left == []
    entry = found.history[-1]
    assert (entry.event, entry.state, entry.actor) == ("dismissed", State.CANCELLED, "ops")
    assert (entry.detail or {})["reason"] == "customer has left"
    assert found.failures[-1].resolution == "dismissed by ops: customer has left"
