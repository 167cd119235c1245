"""What waits for a member keeps its order, its recipient and its wishes when members are merged or parted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.office import Office, notice, write_office_project
from tests.pipeline.asking_office import states, stepping, trigger
from tests.pipeline.checked_office import WITHDRAWAL, add_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.consent import ConsentAction, ConsentEvent
from xconnector.domain.event import SourceRecord
from xconnector.domain.routing.plan import Medium
from xconnector.operations.consents import record_consent
from xconnector.operations.same_customer import Word, merge, unmerge
from xconnector.postgres.connect import transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_LINE = trigger("order_by: customer")
PAID = "com.small.paid"


def of(member: str, key: str, *, event: str = "com.small.notice", hour: int = 8, email: str = "") -> SourceRecord:
    """An event of a member, at an hour of the day."""
    record = notice(key, customer=member, email=email)
    return replace(record, event_type=event, occurred_at=datetime(2026, 11, 23, hour, tzinfo=UTC))


async def test_who_joins_stands_in_the_line_of_the_customer(office: OpenOffice) -> None:
    async with office(IN_LINE) as opened:
        line = stepping(opened)
        await opened.send(of("K-1", "first"), of("K-2", "other"))
        await line.work()
        await _merge(opened)
        await opened.send(of("K-2", "second", hour=9))
        await line.work()

        assert await states(opened, "first", "other", "second") == [State.COLLECTED, State.COLLECTED, State.WAITING]
        assert "first" in str((await opened.explain("second")).history[-1].detail)


async def test_what_waits_for_who_joins_keeps_its_place_by_when_it_happened(office: OpenOffice) -> None:
    async with office(IN_LINE) as opened:
        line = stepping(opened)
        await opened.send(of("K-1", "one"), of("K-2", "two"))
        await line.work()
        await opened.send(of("K-1", "late", hour=11), of("K-2", "early", hour=10))
        await line.work()
        await _merge(opened)
        await _leave(opened, "two")
        await line.work()
        still = await states(opened, "early", "late")
        await _leave(opened, "one")
        await line.work()
        then = await states(opened, "early", "late")

    assert still == [State.WAITING, State.WAITING]
    assert then == [State.COLLECTED, State.WAITING]


async def test_who_is_parted_waits_no_more_for_what_is_anothers(office: OpenOffice) -> None:
    async with office(IN_LINE) as opened:
        line = stepping(opened)
        await _know(opened)
        await _merge(opened)
        await opened.send(of("K-1", "first"))
        await line.work()
        await opened.send(of("K-2", "second", hour=9), of("K-1", "third", hour=10))
        await line.work()
        merged = await states(opened, "first", "second", "third")
        await unmerge(opened.place.pool, "K-2", by="ann", reason="not he")
        await line.work()

        assert merged == [State.COLLECTED, State.WAITING, State.WAITING]
        assert await states(opened, "first", "second", "third") == [State.COLLECTED, State.COLLECTED, State.WAITING]
        assert await _named(opened, "second") == "K-2"


async def test_what_one_member_got_is_not_made_for_the_other_once_they_are_one(office: OpenOffice) -> None:
    async with office(trigger("once_per: customer")) as opened:
        line = stepping(opened)
        await opened.send(of("K-1", "one"), of("K-2", "two"), of("K-3", "three"))
        await line.work()
        await _merge(opened, "K-3", "K-2")
        await opened.send(of("K-2", "again"), of("K-3", "again of 3"))
        await line.work()
        await unmerge(opened.place.pool, "K-3", by="ann", reason="two")
        await opened.send(of("K-3", "still again"))
        await line.work()

        assert await states(opened, "again", "again of 3", "still again") == [State.SUPPRESSED] * 3


async def test_an_event_of_one_member_cancels_what_waits_for_the_other(office: OpenOffice) -> None:
    said = "cancelled_by: [{event: com.small.paid, key: customer, within: 0s}]"
    async with office(trigger(said, payments=True)) as opened:
        line = stepping(opened)
        await _know(opened)
        await opened.send(of("K-2", "waits", hour=9), of("K-1", "other", hour=9))
        await line.work()
        await _merge(opened)
        await opened.send(of("K-1", "paid", event=PAID, hour=10))
        await line.work()
        merged = await states(opened, "waits", "other")
        await opened.send(of("K-2", "next", hour=11), of("K-1", "next of 1", hour=11))
        await line.work()
        await unmerge(opened.place.pool, "K-2", by="ann", reason="two")
        await opened.send(of("K-1", "paid again", event=PAID, hour=12))
        await line.work()

        assert merged == [State.CANCELLED, State.CANCELLED]
        assert await states(opened, "next", "next of 1") == [State.COLLECTED, State.CANCELLED]


async def test_an_event_that_came_for_one_member_is_the_parent_of_what_comes_for_the_other(office: OpenOffice) -> None:
    said = "after: {event: com.small.paid, key: customer, within: 1h}"
    async with office(trigger(said, payments=True)) as opened:
        line = stepping(opened)
        await opened.send(of("K-1", "waits"), of("K-2", "paid", event=PAID))
        await line.work()
        apart = await states(opened, "waits")
        await _merge(opened)
        await line.work()

        assert (apart, await states(opened, "waits")) == ([State.WAITING], [State.COLLECTED])


async def test_changes_of_both_members_become_one_letter(office: OpenOffice) -> None:
    async with office(trigger("collapse: {key: customer, window: 1h, longest: 4h}")) as opened:
        line = stepping(opened)
        await opened.send(of("K-1", "one"), of("K-2", "two", hour=9))
        await line.work()
        await _merge(opened)
        await line.work()
        line.place.clock.ahead = timedelta(hours=2)
        await line.work()

        assert await states(opened, "one", "two") == [State.SUPPRESSED, State.COLLECTED]


async def test_a_no_of_who_joins_counts_for_what_waits(office: OpenOffice, tmp_path: Path) -> None:
    write_office_project(tmp_path, IN_LINE)
    add_checks(tmp_path, checks="{withdrawal: withdrawal}", withdrawal=WITHDRAWAL)
    async with office() as opened:
        line = stepping(opened)
        await opened.send(of("K-1", "first"), of("K-2", "other"))
        await line.work()
        await opened.send(of("K-1", "second", hour=9, email="one@x.test"))
        await _refuse_email(opened, "K-2")
        await line.work()
        await _merge(opened)
        await _leave(opened, "first", "other")
        await line.work()
        found = await opened.explain("second")

    assert found.found.state != State.WAITING
    assert opened.mails_to("one@x.test") == 0


# ---------------------------------------------------------------- what happens


async def _know(opened: Office) -> None:
    """Let both members be known of, K-1 first, without anything that is sent."""
    for key in ("K-1", "K-2"):
        await record_consent(opened.place.pool, _no(key), categories=())


async def _merge(opened: Office, one: str = "K-1", other: str = "K-2") -> None:
    await merge(opened.place.pool, Word(one=one, other=other, by="ann", reason="same person"))


async def _refuse_email(opened: Office, member: str) -> None:
    await record_consent(opened.place.pool, _no(member), categories=())


def _no(member: str) -> ConsentEvent:
    return ConsentEvent(
        customer_key=member, medium=Medium.EMAIL, scope="all", action=ConsentAction.WITHDRAW, source="web", actor="she",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC), recorded_at=datetime.now(UTC),
    )  # fmt: skip


async def _leave(opened: Office, *keys: str) -> None:
    """Let communications have arrived."""
    ids = [(await opened.explain(key)).found.communication_id for key in keys]
    async with transaction(opened.place.pool) as connection:
        statement = "UPDATE communication SET state = 'completed' WHERE communication_id = ANY(%s)"
        await connection.execute(statement, (ids,))


async def _named(opened: Office, key: str) -> str:
    return (await opened.explain(key)).found.customer_key
