"""News that names only a communication, as a product that knows no hand-overs sends it."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import ScriptedChannel, told
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent, DeliveryStatus
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.review import Decision
from xconnector.operations.reviews import decide
from xconnector.pipeline.track import keep_reports

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _awaiting(dispatch: Dispatch) -> Receipt:
    del dispatch
    return Receipt(reference="ref", awaits_report=True)


async def _id_of(opened: Office, key: str) -> str:
    return str((await opened.explain(key)).found.communication_id)


async def _approve(opened: Office, key: str) -> None:
    await decide(
        opened.place.pool,
        opened.place.jobs,
        opened.place.project.people,
        communication=key,
        document_sha256=(await opened.explain(key)).found.document_sha256 or "",
        decision=Decision.APPROVED,
        person="anna",
        reason="",
    )


def _now(event: DeliveryEvent, *, raw: bytes = b"") -> DeliveryEvent:
    return replace(event, occurred_at=datetime.now(UTC), raw=raw)


async def test_it_moves_the_latest_hand_over(office: OpenOffice) -> None:
    async with office(instead={"email": ScriptedChannel(answer=_awaiting)}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work_until(("1", State.DISPATCHED))
        await keep_reports(opened.place, [_now(told(await _id_of(opened, "1"), Type.SENT))])
        found = await opened.explain("1")

    assert found.found.state == State.COMPLETED
    assert found.delivery_status is DeliveryStatus.SENT
    assert [event.dispatch_key for event in found.events] == [found.handovers[0].dispatch_key]


async def test_a_repeated_bounce_of_the_first_hop_never_ends_the_second(office: OpenOffice) -> None:
    async with office(instead={"email": ScriptedChannel()}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        key = await _id_of(opened, "1")
        bounce = _now(told(key, Type.BOUNCED), raw=b"{}")
        await keep_reports(opened.place, [bounce])
        await opened.work()
        await keep_reports(opened.place, [bounce])
        # Without a time of its own it is dated anew whenever it comes, and is the same all the same.
        await keep_reports(opened.place, [replace(bounce, occurred_at=datetime.now(UTC) + timedelta(minutes=1))])
        account = await opened.work()
        found = await opened.explain("1")

    assert account.states == {State.COMPLETED: 1}
    assert [handover.state for handover in found.handovers] == ["undeliverable", "handed_over"]
    assert [event.type for event in found.events].count(Type.BOUNCED) == 1


async def test_late_news_belongs_to_the_hand_over_of_its_time(office: OpenOffice) -> None:
    async with office(instead={"email": ScriptedChannel()}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        key = await _id_of(opened, "1")
        failed_then = _now(told(key, Type.BOUNCED, detail="of the mail"))
        await keep_reports(opened.place, [_now(told(key, Type.BOUNCED))])
        await opened.work()
        await keep_reports(opened.place, [failed_then])
        account = await opened.work()
        found = await opened.explain("1")

    assert account.states == {State.COMPLETED: 1}
    bounced = {event.dispatch_key for event in found.events if event.type is Type.BOUNCED}
    assert bounced == {found.handovers[0].dispatch_key}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_order_and_repetition_do_not_matter(office: OpenOffice, order: tuple[int, ...]) -> None:
    async with office(instead={"email": ScriptedChannel(answer=_awaiting)}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work_until(("1", State.DISPATCHED))
        key = await _id_of(opened, "1")
        events = [_now(told(key, type_)) for type_ in (Type.ACCEPTED, Type.SENT, Type.OPENED)]
        for index in order:
            await keep_reports(opened.place, [events[index]])
        await keep_reports(opened.place, [*events, *events])
        found = await opened.explain("1")

    assert (found.found.state, found.delivery_status) == (State.COMPLETED, DeliveryStatus.OPENED)
    assert len(found.events) == 3
    assert [entry.event for entry in found.history].count("completed") == 1


async def test_news_that_is_quicker_than_any_hand_over_takes_effect_when_there_is_one(office: OpenOffice) -> None:
    async with office(instead={"email": ScriptedChannel(answer=_awaiting)}) as opened:
        await opened.send(notice("1", email="a@x.test"), notice("2", email="b@x.test", amount="2000.00"))
        await opened.work_until(("2", State.IN_REVIEW))
        key = await _id_of(opened, "2")
        early = _now(told(key, Type.SENT))
        await keep_reports(opened.place, [early])
        await keep_reports(opened.place, [early])
        assert [event.type for event in (await opened.explain("2")).events] == [Type.SENT]
        await _approve(opened, "2")
        await opened.work_until(("2", State.COMPLETED))
        found = await opened.explain("2")

    # The print house acknowledges it as well.
    assert [event.type for event in found.events].count(Type.SENT) == 1
    assert [entry.event for entry in found.history].count("reported sent") == 1


async def test_news_of_somebody_we_do_not_know_is_kept_and_harms_nobody(office: OpenOffice) -> None:
    strangers = ["0197b7c0-0000-7000-8000-0000000000ff", "exstream-0123", "0197b7c0-0000-7000-8000-0000000000ff-0"]
    async with office() as opened:
        await keep_reports(opened.place, [told(key, Type.BOUNCED) for key in strangers])
        async with opened.place.pool.connection() as connection:
            cursor = await connection.execute("SELECT dispatch_key FROM delivery_event ORDER BY event_id")
            kept = [row[0] for row in await cursor.fetchall()]

    assert kept == strangers
