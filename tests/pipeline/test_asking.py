"""Triggers that say more than an event: what is asked for begins later, once, or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.stepping_office import Clock, ClockedWorkplace, Stepping
from xconnector.domain.communication import State
from xconnector.domain.event import SourceRecord

pytestmark = pytest.mark.asyncio(loop_scope="session")

ON = "on: {event: com.small.notice}"


def trigger(said: str) -> dict[str, list[tuple[str, str]]]:
    """Let the notice's trigger say more."""
    return {"communications/notice.yaml": [(ON, f"on: {{event: com.small.notice, {said}}}")]}


def stepping(opened: Office) -> Stepping:
    """Return what works by a clock that the test moves."""
    place = ClockedWorkplace.of(opened.place, Clock())
    opened.place = place
    return Stepping(place=place)


def again(key: str, number: str, **fields: object) -> SourceRecord:
    """An event under another key that speaks of the same notice."""
    return replace(notice(number, **fields), source_key=key)


async def states(opened: Office, *keys: str) -> list[State | None]:
    """Return where the communications of these source keys stand."""
    return [await opened.state_of(key) for key in keys]


async def test_of_several_events_for_the_same_only_the_first_makes_a_communication(office: OpenOffice) -> None:
    async with office(trigger("once_per: [number]")) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), notice("2"))
        await opened.send(again("3", "1"))
        await line.work()
        story = (await opened.explain("3")).history
        account = await opened.account()

    assert account.states == {State.COLLECTED: 2, State.SUPPRESSED: 1}
    assert account.closes
    assert story[-1].detail == {"because": "already asked for by record 1 of crm", "by": "1"}


async def test_of_one_batch_too_only_the_first_makes_a_communication(office: OpenOffice) -> None:
    async with office(trigger("once_per: [number]")) as opened:
        line = stepping(opened)
        await opened.send(notice("1"), again("2", "1"), again("3", "1"))
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
        await opened.send(notice("1", amount="7.00"))
        await line.work()
        waiting = await opened.account()
        line.place.clock.ahead = timedelta(days=1)
        await line.work()
        assert await states(opened, "1") == [State.WAITING]

        moved = notice("2", customer="K-1", city="Potsdam", postcode="14467")
        await opened.send(replace(moved, occurred_at=line.place.now() - timedelta(days=1)))
        line.place.clock.ahead = timedelta(days=3)
        await line.work()
        found = await opened.explain("1")

    assert waiting.states == {State.WAITING: 1}
    assert waiting.closes
    assert [entry.event for entry in found.history][:4] == ["received", "triggered", "waits", "begins"]
    assert found.found.state == State.COLLECTED
    assert found.assembly is not None
    assert "Potsdam" in found.assembly.recipient, "as the customer is now"
    assert "7,00" in found.assembly.data, "as the event was"


async def test_a_start_that_cannot_be_told_sets_its_record_aside(office: OpenOffice) -> None:
    async with office(trigger("start: {field: due_on, days: -5}")) as opened:
        line = stepping(opened)
        await opened.send(notice("1", due_on="soon"), notice("2", due_on="2026-01-31"))
        await line.work()
        account = await opened.account()

    assert account.records["set_aside"] == 1
    assert account.states == {State.COLLECTED: 1}, "what should have begun already begins now"
    assert account.closes
