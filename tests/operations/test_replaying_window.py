"""Replay of a time window makes what is missing and sends nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.office import Changes, Office, edit, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.operations.replaying_window import Order, Replay, replay_window
from xconnector.store.recorded import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")
EVERY, ONLY_NINE = "on: {event: com.small.notice}", 'on: {event: com.small.notice, where: {number: "9"}}'
NARROW: Changes = {"communications/notice.yaml": [(EVERY, ONLY_NINE)]}


async def replay(office: Office, *, really: bool = True, again: bool = False) -> Replay:
    project, found = office.place.project, Replay()
    feed = project.feeds["notice_events"]
    now = datetime.now(UTC)
    window = Window(
        feed=feed.name, event_type=feed.event, since=now - timedelta(hours=1), until=now + timedelta(hours=1)
    )
    order = Order(actor="ann", reason="the trigger was wrong", again=again) if really else None
    await replay_window(office.place.pool, office.place.jobs, project, window, order=order, replay=found)
    return found


async def test_what_was_made_is_left_as_it_is(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"), notice("2", preference="nothing"))
        await opened.work()
        found = await replay(opened)
        account = await opened.work()
        mails = opened.mails_to("a@x.test")

    assert (found.records, found.left, found.missing) == (2, {"completed": 1, "suppressed": 1}, {})
    assert (account.closes, mails) == (True, 1)


async def test_what_a_record_asks_for_and_did_not_get_is_made_once(office: OpenOffice) -> None:
    async with office(NARROW) as opened:
        await opened.send(notice("1", email="a@x.test"), notice("2", email="b@x.test"))
        await opened.work()
        edit(opened.folder, "communications/notice.yaml", ONLY_NINE, EVERY)
    async with office() as opened:
        told = await replay(opened, really=False)
        first = await replay(opened)
        await opened.work()
        second = await replay(opened)
        account = await opened.work()
        mails = [opened.mails_to(f"{name}@x.test") for name in "ab"]
        story = await opened.story_of("1")

    assert told.missing == first.missing == {"notice": 2}
    assert (second.missing, second.left) == ({}, {"completed": 2})
    assert (account.closes, mails) == (True, [1, 1])
    assert story[:4] == ["received", "asked again", "triggered", "decided"]


async def test_two_replays_at_once_make_it_once(office: OpenOffice) -> None:
    async with office(NARROW) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        edit(opened.folder, "communications/notice.yaml", ONLY_NINE, EVERY)
    async with office() as opened:
        await replay(opened)
        await replay(opened)
        account = await opened.work()
        mails = opened.mails_to("a@x.test")

    assert (account.closes, mails) == (True, 1)


async def test_what_failed_starts_again(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", amount="700.00"))
        await opened.work()
        assert (await opened.explain("1")).found.state == "failed"
        edit(opened.folder, "tables/routing.md", "<= 500", "<= 800")
    async with office() as opened:
        found = await replay(opened)
        await opened.work()
        state = (await opened.explain("1")).found.state

    assert (found.reprocessed, found.missing) == (1, {})
    assert state == "completed"


async def test_a_record_that_was_set_aside_is_taken_again(office: OpenOffice) -> None:
    without_customer = {"mappings/notice.yaml": [("customer: customer", "customer: nobody")]}
    async with office(without_customer) as opened:
        await opened.send(notice("1"))
        await opened.work()
        edit(opened.folder, "mappings/notice.yaml", "customer: nobody", "customer: customer")
    async with office() as opened:
        found = await replay(opened)
        account = await opened.work()
        state = (await opened.explain("1")).found.state

    assert (found.reprocessed, state, account.closes) == (1, "completed", True)


async def test_what_cannot_be_asked_today_leaves_what_was_made_and_the_account_closes(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        notice_file = opened.folder / "communications/notice.yaml"
        later = notice_file.read_text(encoding="utf-8").replace(EVERY, EVERY.replace("}", ", start: {delay: 1h}}"))
        (opened.folder / "communications/reminder.yaml").write_text(later, encoding="utf-8")
    async with office() as opened:
        assert (await replay(opened)).missing == {"reminder": 1}
        edit(opened.folder, "communications/reminder.yaml", "{delay: 1h}", "{field: number}")
    async with office() as opened:
        assert (await replay(opened, really=False)).unfit == 1
        account = await opened.work()
        story = await opened.story_of("1")

    assert account.closes
    assert account.states == {State.COMPLETED: 1}
    assert "asked in vain" in story


async def test_what_is_asked_for_no_more_counts_on(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        notice_file = opened.folder / "communications/notice.yaml"
        text = notice_file.read_text(encoding="utf-8")
        (opened.folder / "communications/another.yaml").write_text(text, encoding="utf-8")
        edit(opened.folder, "communications/notice.yaml", EVERY, ONLY_NINE)
    async with office() as opened:
        found = await replay(opened)
        account = await opened.work()

    assert found.missing == {"another": 1}
    assert (account.closes, account.states) == (True, {State.COMPLETED: 2})


async def test_what_would_be_set_aside_for_the_same_reason_is_left_unless_it_is_wanted(office: OpenOffice) -> None:
    without_customer = {"mappings/notice.yaml": [("customer: customer", "customer: nobody")]}
    async with office(without_customer) as opened:
        await opened.send(notice("1"))
        await opened.work()
        told = await replay(opened, really=False)
        left = await replay(opened)
        taken = await replay(opened, again=True)

    assert [(one.reprocessed, one.hopeless) for one in (told, left, taken)] == [(0, 1), (0, 1), (1, 0)]
