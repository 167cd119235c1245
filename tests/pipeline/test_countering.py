"""Counter-events: what was paid is not asked for any more, as long as it has not been handed over, and with proof."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from tests.office import Office, notice
from tests.pipeline.asking_office import about, states, stepping, trigger
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.stepping_office import Stepping
from xconnector.domain.communication import State
from xconnector.domain.event import SourceRecord
from xconnector.execution.jobs import Attempt, Priority
from xconnector.pipeline.forgetting import forget_what_is_over
from xconnector.pipeline.prepare import prepare
from xconnector.postgres.connect import Pool, reading, transaction
from xconnector.store import asks, counters

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAID = "cancelled_by: [{event: com.small.paid, key: number, within: 10d}]"

PAYABLE = trigger(PAID, payments=True, collect="collect: 30m")


def paid(key: str, number: str) -> SourceRecord:
    """Say that what a notice asks for was paid."""
    return about(key, number, event="com.small.paid")


async def test_what_was_paid_before_its_notice_leaves_is_cancelled_with_proof(office: OpenOffice) -> None:
    async with office(PAYABLE) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), notice("2"))
        await line.work()
        assert await states(opened, "1", "2") == [State.COLLECTED, State.COLLECTED]

        await opened.send(paid("P-1", "1"))
        await line.work()
        found = await opened.explain("1")
        line.place.clock.ahead = timedelta(hours=1)
        await line.work()
        account = await opened.account()
        after = await states(opened, "1", "2")

    assert found.history[-1].event == "cancelled"
    detail = found.history[-1].detail
    assert detail is not None
    assert (detail["by"], detail["stood"], detail["before"]) == ("P-1", "collected", "any hand-over was intended")
    assert [row.state for row in found.handovers] == ["given_up"]
    assert found.course is not None
    assert found.course.stopped is not None
    assert "stopped by record P-1 of crm (com.small.paid, " in found.course.stopped
    assert found.course.stopped.endswith("it stood in collected, it was never handed over")
    assert after == [State.CANCELLED, State.DISPATCHED], "the other one leaves"
    assert account.closes


async def test_the_cut_off_is_told_before_which_it_was_cancelled(office: OpenOffice) -> None:
    async with office(trigger(PAID, payments=True, collect='cutoffs: ["17:00"]')) as opened:
        line = stepping(opened)
        await opened.send(notice("1"))
        await line.work()
        await opened.send(paid("P-1", "1"))
        await line.work()
        detail = (await opened.explain("1")).history[-1].detail

    assert detail is not None
    assert detail["before"].startswith("the cut-off of print at ")


async def test_a_piece_is_taken_out_of_its_bundle_until_that_is_about_to_be_handed_over(office: OpenOffice) -> None:
    async with office(PAYABLE) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), notice("2"))
        await line.work(without=("bundle",))
        line.place.clock.ahead = timedelta(hours=1)
        await line.work(without=("bundle",))
        await opened.send(paid("P-1", "1"))
        await line.work(without=("bundle",))
        bound = await opened.explain("1")
        await line.work()
        leaving = await opened.explain("2")

        assert bound.handovers[-1].bundle_key == leaving.handovers[-1].bundle_key is not None
        assert await states(opened, "1", "2") == [State.CANCELLED, State.DISPATCHED]


async def test_what_was_paid_too_late_is_told_with_the_time_of_the_hand_over(office: OpenOffice) -> None:
    async with office(PAYABLE) as opened:
        line = stepping(opened)
        await opened.send(notice("1"))
        await line.work()
        line.place.clock.ahead = timedelta(hours=1)
        await line.work()
        await opened.send(paid("P-1", "1"))
        await line.work()
        found = await opened.explain("1")

    assert found.found.state == State.DISPATCHED
    assert found.history[-1].event == "not cancelled"
    detail = found.history[-1].detail
    assert detail is not None
    assert detail["because"].startswith("handed over to print at ")
    assert found.course is not None
    assert (found.course.stopped or "").startswith("It was not stopped by record P-1 of crm")


async def test_a_payment_that_comes_first_counts_within_its_limit(office: OpenOffice) -> None:
    async with office(PAYABLE) as opened:
        line = stepping(opened)
        await opened.send(paid("P-1", "1"))
        await line.work()
        await opened.send(notice("1"), paid("P-2", "2"), notice("2"), notice("3"))
        await line.work()
        found = await opened.explain("1")

        assert await states(opened, "1", "2", "3") == [State.CANCELLED, State.CANCELLED, State.COLLECTED]
        assert (await opened.account()).closes
    assert "cancelled by record P-1 of crm" in str(found.history[-1].detail)


async def test_what_is_reviewed_or_failed_is_cancelled_too(office: OpenOffice) -> None:
    async with office(PAYABLE) as opened:
        line = stepping(opened)
        await opened.send(notice("1", amount="2000.00"), notice("2", amount="700.00"))
        await line.work()
        before = await states(opened, "1", "2")
        await opened.send(paid("P-1", "1"), paid("P-2", "2"))
        await line.work()
        found = await opened.explain("2")

        assert before == [State.IN_REVIEW, State.FAILED]
        assert await states(opened, "1", "2") == [State.CANCELLED, State.CANCELLED]
        assert found.failures[0].resolved_at is not None
        assert (await opened.account()).closes


async def test_what_comes_back_after_it_was_paid_takes_no_other_way(office: OpenOffice) -> None:
    async with office(PAYABLE) as opened:
        line = stepping(opened)
        await opened.send(notice("1", email="bounce-1@x.test"))
        await line.work(at_most=len(["prepare", "compose", "archive", "deliver"]))
        mailed = await opened.state_of("1")
        # Prepared at once: nobody looks for bounces meanwhile.
        (payment,) = await opened.send(paid("P-1", "1"))
        attempt = Attempt(stage="prepare", ids={}, priority=Priority.ONE_OFF, number=1, job_id=0)
        await prepare(line.place, attempt, await _batch_of(opened, payment.record_id))
        await opened.until(lambda: _works_until(line, opened, "1", State.CANCELLED))
        story = await opened.story_of("1")

    assert mailed is State.COMPLETED
    assert story[-1] == "cancelled"
    assert story.index("not cancelled") < story.index("rerouted")


async def _works_until(line: Stepping, opened: Office, key: str, state: State) -> bool:
    line.place.clock.ahead += timedelta(hours=1)
    await line.work()
    return await opened.state_of(key) is state


async def _batch_of(opened: Office, record_id: int) -> int:
    async with transaction(opened.place.pool) as connection:
        cursor = await connection.execute("SELECT batch_id FROM inbox WHERE record_id = %(id)s", {"id": record_id})
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_of_payments_and_hand_overs_at_the_same_time_each_sees_the_other(office: OpenOffice) -> None:
    numbers = [str(number) for number in range(12)]
    changes = trigger(PAID, payments=True, collect="collect: 100ms")
    async with office(changes) as opened:
        async with opened.at_work():
            for number in numbers:
                await opened.send(notice(number, email=f"{number}@x.test" if int(number) % 2 else ""))
                await asyncio.sleep(0)
            for number in numbers:
                await opened.send(paid(f"P-{number}", number))
            await opened.until(opened.is_through)
        stories = {number: await opened.explain(number) for number in numbers}
        printed, account = {key[:36] for key in opened.printed()}, await opened.account()
        mailed = {line["recipient"] for line in opened.relay.arrivals()}

    assert account.closes
    for number, found in stories.items():
        has_left = str(found.found.communication_id) in printed or f"{number}@x.test" in mailed
        is_cancelled = found.found.state == State.CANCELLED
        said = [entry.event for entry in found.history if entry.event in {"cancelled", "not cancelled"}]
        assert has_left is not is_cancelled, (number, found.history)
        assert said == (["cancelled"] if is_cancelled else ["not cancelled"]), number


async def test_only_what_can_still_be_cancelled_is_held_and_only_that_is_remembered(office: OpenOffice) -> None:
    async with office(PAYABLE) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), notice("2"))
        await line.work()
        await opened.send(paid("P-1", "1"))
        await line.work()
        pool = opened.place.pool
        keys = [row[0] for row in await rows_of(pool, b"SELECT key FROM ask_counter ORDER BY key")]
        over = (await opened.explain("1")).found.communication_id
        async with transaction(pool) as holding, transaction(pool) as other:
            await holding.execute(
                "SELECT FROM communication WHERE communication_id = %(id)s FOR UPDATE NOWAIT", {"id": over}
            )
            assert len(await counters.meant(other, keys)) == 1, "and it did not wait for the one that is over"
        async with transaction(pool) as holding, transaction(pool) as other:
            await asks.hold(holding, keys[:1])
            await forget_what_is_over(opened.place)
            left = await (await other.execute("SELECT key FROM held_key")).fetchall()
        listening = await rows_of(pool, b"SELECT communication_id FROM ask_counter")

    assert [row[0] for row in left] == keys[:1], "who holds a key keeps it"
    assert over not in {row[0] for row in listening}
    assert len(listening) == 1


async def rows_of(pool: Pool, query: bytes) -> list[tuple[UUID, ...]]:
    async with reading(pool) as connection:
        return await (await connection.execute(query)).fetchall()
