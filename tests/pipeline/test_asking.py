"""Triggers that say more than an event: what is asked for begins later, once, or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.office import notice
from tests.pipeline.asking_office import about, decide, states, stepping, trigger
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.review import Decision
from xconnector.operations.dismissing import dismiss
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.operations.status import status

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_of_several_events_for_the_same_only_the_first_makes_a_communication(office: OpenOffice) -> None:
    async with office(trigger("once_per: [number]")) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), notice("2"))
        await opened.send(about("3", "1"))
        await line.work()
        story = (await opened.explain("3")).history
        account = await opened.account()

    assert account.states == {State.COLLECTED: 2, State.SUPPRESSED: 1}
    assert account.closes
    assert story[-1].detail == {"because": "already asked for by record 1 of crm", "by": "1"}


async def test_what_was_cancelled_keeps_nobody_from_asking_for_the_same(office: OpenOffice) -> None:
    said = "once_per: [number], cancelled_by: [{event: com.small.paid, key: number, within: 0s}]"
    async with office(trigger(said, payments=True)) as opened:
        line = stepping(opened)
        await opened.send(about("collected", "1"))
        await line.work()
        await opened.send(replace(about("paid", "1", event="com.small.paid"), occurred_at=None))
        await line.work()
        await opened.send(
            replace(about("later", "1"), occurred_at=None), replace(about("third", "1"), occurred_at=None)
        )
        await line.work()

        assert await states(opened, "collected", "later", "third") == [
            State.CANCELLED,
            State.COLLECTED,
            State.SUPPRESSED,
        ]


async def test_what_was_dropped_keeps_nobody_from_asking_for_the_same(office: OpenOffice) -> None:
    said = "once_per: [number], after: {event: com.small.paid, key: number, within: 1h, otherwise: drop}"
    async with office(trigger(said, payments=True)) as opened:
        line = stepping(opened)
        await opened.send(about("dropped", "1"))
        await line.work()
        line.place.clock.ahead = timedelta(hours=2)
        await line.work()
        await opened.send(about("paid", "1", event="com.small.paid"), about("later", "1"))
        await line.work()

        assert await states(opened, "dropped", "later") == [State.SUPPRESSED, State.COLLECTED]


async def test_of_one_batch_too_only_the_first_makes_a_communication(office: OpenOffice) -> None:
    async with office(trigger("once_per: [number]")) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), about("2", "1"), about("3", "1"))
        await line.work()

        assert await states(opened, "1", "2", "3") == [State.COLLECTED, State.SUPPRESSED, State.SUPPRESSED]


async def test_where_a_field_of_the_key_is_missing_each_event_makes_its_own(office: OpenOffice) -> None:
    async with office(trigger("once_per: [due_on]")) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), notice("2", due_on=""), notice("3", due_on=None))
        await line.work()

        assert set(await states(opened, "1", "2", "3")) == {State.COLLECTED}


async def test_a_deferred_communication_waits_and_is_made_of_the_customer_as_of_then(office: OpenOffice) -> None:
    async with office(trigger("start: {delay: 2d}")) as opened:
        line = stepping(opened)
        happened = line.place.now().replace(microsecond=0)
        await opened.send(replace(notice("1", amount="7.00"), occurred_at=happened))
        await line.work()
        waiting = await opened.account()
        course = (await opened.explain("1")).course
        (counted,) = (await status(opened.place.pool)).waiting
        line.place.clock.ahead = timedelta(days=1)
        await line.work()
        assert await states(opened, "1") == [State.WAITING]

        moved = notice("2", customer="K-1", city="Potsdam", postcode="14467")
        await opened.send(replace(moved, occurred_at=line.place.now() - timedelta(days=1)))
        line.place.clock.ahead = timedelta(days=3)
        await line.work()
        found = await opened.explain("1")

    assert waiting.states == {State.WAITING: 1}
    assert course is not None
    begins = f"{happened + timedelta(days=2):%Y-%m-%d %H:%M:%S} UTC"
    assert course.waits == f"It waits for its start until {begins}: its start is deferred"
    assert (counted.name, counted.waits_for, counted.number) == ("notice", "start", 1)
    assert waiting.closes
    assert [entry.event for entry in found.history][:4] == ["received", "triggered", "waits", "begins"]
    assert found.found.state == State.COLLECTED
    assert found.assembly is not None
    assert "Potsdam" in found.assembly.recipient, "as the customer is now"
    assert "7,00" in found.assembly.data, "as the event was"


async def test_what_waits_can_be_dismissed_by_name(office: OpenOffice) -> None:
    async with office(trigger("start: {delay: 2d}")) as opened:
        line = stepping(opened)
        happened = line.place.now()
        await opened.send(*(replace(notice(number), occurred_at=happened) for number in ("1", "2")))
        await line.work()
        meant = (await opened.explain("1")).found.communication_id
        choice = Choice(communication_id=meant)
        dismissed = await dismiss(opened.place.pool, choice, actor="ops", reason="not needed")
        line.place.clock.ahead = timedelta(days=3)
        await line.work()

        assert dismissed == 1
        assert await dismiss(opened.place.pool, choice, actor="ops", reason="not needed") == 0
        assert await states(opened, "1", "2") == [State.CANCELLED, State.COLLECTED]
        assert (await opened.account()).closes


async def test_a_start_that_cannot_be_told_sets_its_record_aside(office: OpenOffice) -> None:
    async with office(trigger("start: {field: due_on, days: -5}")) as opened:
        line = stepping(opened)
        await opened.send(notice("1", due_on="soon"), notice("2", due_on="2026-01-31"))
        await line.work()
        account = await opened.account()

    assert account.records["set_aside"] == 1
    assert account.states == {State.COLLECTED: 1}, "what should have begun already begins now"
    assert account.closes


# ---------------------------------------------------------------- early events

AFTER = "after: {event: com.small.paid, key: number, within: 3d, otherwise: %s}"


async def test_an_early_event_waits_for_the_one_it_belongs_to(office: OpenOffice) -> None:
    async with office(trigger(AFTER % "fail", payments=True)) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), notice("2"))
        await line.work()
        waiting = await states(opened, "1", "2")
        await opened.send(about("P-1", "1", event="com.small.paid"))
        await line.work()

        assert waiting == [State.WAITING, State.WAITING]
        assert await states(opened, "1", "2") == [State.COLLECTED, State.WAITING]
        assert (await opened.account()).closes


async def test_what_comes_after_its_parent_begins_at_once(office: OpenOffice) -> None:
    async with office(trigger(AFTER % "fail", payments=True)) as opened:
        line = stepping(opened)
        await opened.send(about("P-1", "1", event="com.small.paid"))
        await line.work()
        await opened.send(notice("1"), notice("2"), about("P-2", "2", event="com.small.paid"))
        await line.work()

        assert await states(opened, "1", "2") == [State.COLLECTED, State.COLLECTED]


@pytest.mark.parametrize(
    "otherwise, state", [("fail", State.FAILED), ("send", State.COLLECTED), ("drop", State.SUPPRESSED)]
)
async def test_what_its_parent_never_came_for_ends_as_the_project_says(
    office: OpenOffice, otherwise: str, state: State
) -> None:
    async with office(trigger(AFTER % otherwise, payments=True)) as opened:
        line = stepping(opened)
        await opened.send(notice("1"))
        await line.work()
        line.place.clock.ahead = timedelta(days=4)
        await line.work()
        found = await opened.explain("1")
        account = await opened.account()

        assert found.found.state == state
        assert "no com.small.paid came that it belongs to" in str([entry.detail for entry in found.history])
        assert account.closes
        if otherwise == "fail":
            (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)
            assert failure.stage == "begin"
            await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="send it all the same")
            await line.work()
            assert await states(opened, "1") == [State.COLLECTED]


# ---------------------------------------------------------------- several changes, one letter

COLLAPSE = "collapse: {key: [customer], window: 30m, longest: 4h}"


async def test_several_changes_become_one_communication_of_the_latest(office: OpenOffice) -> None:
    async with office(trigger(COLLAPSE)) as opened:
        line = stepping(opened)
        happened = line.place.now() - timedelta(days=1)
        late, last, first = (
            replace(notice(key, customer="K-7", amount=amount), occurred_at=happened + timedelta(minutes=minute))
            for key, amount, minute in (("1", "1.00", 1), ("2", "2.00", 2), ("3", "3.00", 0))
        )
        await opened.send(late)
        await line.work()
        await opened.send(last, notice("9"))
        await line.work()
        await opened.send(first)
        await line.work()
        waiting = await states(opened, "1", "2", "3", "9")
        line.place.clock.ahead = timedelta(hours=1)
        await line.work()
        found = await opened.explain("2")
        account = await opened.account()

        assert waiting == [State.WAITING] * 4
        assert await states(opened, "1", "2", "3") == [State.SUPPRESSED, State.COLLECTED, State.SUPPRESSED]
        assert await states(opened, "9") == [State.COLLECTED], "another customer's"
        assert found.assembly is not None
        assert "2,00" in found.assembly.data
        assert account.closes
        assert found.course is not None
        assert found.course.took_in == ["3", "1"]
        story = next(entry for entry in found.history if entry.event == "took in")
        assert story.detail == {"number": 2, "records": ["3", "1"]}


async def test_changes_that_never_end_are_told_when_the_first_has_waited_long_enough(office: OpenOffice) -> None:
    async with office(trigger("collapse: {key: [customer], window: 2s, longest: 3s}")) as opened:
        line = stepping(opened)
        await opened.send(notice("1", customer="K-7"))
        await line.work()
        line.place.clock.ahead = timedelta(minutes=1)
        await opened.send(notice("2", customer="K-7"))
        await line.work()

        assert await states(opened, "1", "2") == [State.SUPPRESSED, State.COLLECTED]


# ---------------------------------------------------------------- one after the other

_ROW = "| R4  | -                        | -              | <= 500           | print             | "
REVIEWED = {"tables/routing.md": [(f"{_ROW}-           |", f"{_ROW}compliance  |")]}


async def test_a_later_event_waits_until_the_earlier_communication_has_left(office: OpenOffice) -> None:
    async with office(trigger("order_by: customer") | REVIEWED) as opened:
        line = stepping(opened)
        await opened.send(notice("1", customer="K-7"))
        await opened.send(notice("2", customer="K-7"), notice("3"))
        await line.work()
        before = await states(opened, "1", "2", "3")
        await decide(opened, "1", Decision.REJECTED)
        await line.work()

        assert before == [State.IN_REVIEW, State.WAITING, State.IN_REVIEW]
        assert await states(opened, "1", "2", "3") == [State.CANCELLED, State.IN_REVIEW, State.IN_REVIEW]
        waits = next(entry for entry in (await opened.explain("2")).history if entry.event == "waits")
        assert waits.detail is not None
        assert waits.detail["because"] == "notice of record 1 of crm is before it in its line and has not left"


@pytest.mark.parametrize("on_failure, state", [("hold", State.WAITING), ("pass", State.COLLECTED)])
async def test_one_that_failed_holds_those_behind_it_or_lets_them_pass(
    office: OpenOffice, on_failure: str, state: State
) -> None:
    async with office(trigger(f"order_by: {{key: [customer], on_failure: {on_failure}}}")) as opened:
        line = stepping(opened)
        await opened.send(notice("1", customer="K-7", amount="700.00"), notice("2", customer="K-7"))
        await line.work()
        await line.work()

        assert await states(opened, "1", "2") == [State.FAILED, state]
        if on_failure == "hold":
            await dismiss(opened.place.pool, Choice(), actor="ops", reason="not needed")
            await line.work()
            assert await states(opened, "1", "2") == [State.CANCELLED, State.COLLECTED]


async def test_a_worker_gives_turns_by_itself(office: OpenOffice) -> None:
    async with office(trigger("order_by: customer", collect="collect: 100ms")) as opened:
        await opened.send(*(notice(str(number), customer="K-7", email="k@x.test") for number in range(3)))
        account = await opened.work()
        stories = [await opened.explain(str(number)) for number in range(3)]

    assert account.states == {State.COMPLETED: 3}
    handed_over = [found.handovers[0].intended_at for found in stories]
    assert handed_over == sorted(handed_over)
