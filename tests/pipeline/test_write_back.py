"""Source systems are told what became of their communications: in order, once at least, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql

from tests.connectors.cloudevents_http.stand_in import SECRET, SourceSystem, open_target
from tests.office import Changes, Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.errors import MisconfiguredError, TransientError
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason
from xconnector.domain.write_back import TOLD_EVENTS, TOLD_STATES
from xconnector.operations.write_backs import UnknownTargetError, reconcile_day, refusals, replay, targets
from xconnector.pipeline.track import keep_reports
from xconnector.pipeline.write_back import write_back
from xconnector.postgres.connect import transaction
from xconnector.testing.conformance.write_back import Mood

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def told(
    office: OpenOffice, *, batch: int = 1, sources: str = "crm", events: str = "[]"
) -> AsyncGenerator[tuple[Office, SourceSystem]]:
    """Open an office that tells a source system, on whose word it does so, and not by itself."""
    async with open_target() as system:
        connection = (
            f"  crm_events: {{connector: cloudevents_http, url: '{system.url}/events', secrets: [{SECRET}], "
            f"batch: {batch}, allowed: {{loopback: true}}}}\n"
        )
        section = f"write_back: {{crm: {{connection: crm_events, sources: [{sources}], events: {events}}}}}\n"
        changes: Changes = {
            "xconnector.yaml": [("connections:\n", f"connections:\n{connection}"), ("feeds:\n", f"{section}feeds:\n")]
        }
        async with office(changes) as opened:
            await tell(opened)
            yield opened, system


async def tell(opened: Office) -> None:
    await write_back(opened.place, opened.place.project.write_backs["crm"])


async def tell_again(opened: Office) -> None:
    """Tell at once, however long the target was to be left alone."""
    async with transaction(opened.place.pool) as connection:
        await connection.execute("UPDATE write_back_target SET retry_at = NULL")
        await connection.execute("UPDATE write_back SET due_at = now() - interval '1 s' WHERE due_at IS NOT NULL")
    await tell(opened)


def words(system: SourceSystem, subject: str | None = None) -> list[str]:
    return [
        str(event["type"]).removeprefix("org.xconnector.")
        for event in system.events
        if subject is None or event["data"]["source_key"] == subject
    ]


async def bounced(opened: Office, key: str) -> None:
    (handover, *_) = (await opened.explain(key)).handovers
    back = DeliveryEvent(
        dispatch_key=handover.dispatch_key,
        type=DeliveryEventType.BOUNCED,
        occurred_at=datetime.now(UTC),
        reason=DeliveryReason.ADDRESS,
        detail="5.1.1",
        final=True,
    )
    await keep_reports(opened.place, [back])


async def ledger_of(opened: Office, key: str) -> list[str]:
    return [entry.event for entry in (await opened.explain(key)).history]


async def test_a_source_hears_what_became_of_its_communications_and_of_no_others(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(notice("1", email="a@x.test"))
        await opened.work_until(("1", State.COMPLETED))
        await bounced(opened, "1")
        await opened.work()
        await tell(opened)

    assert words(system)[:3] == ["communication.completed", "delivery.bounced", "communication.rerouted"]
    event = system.events[1]
    assert (event["data"]["source"], event["data"]["reason"], event["data"]["final"]) == ("crm", "address", True)
    assert [event["sequence"] for event in system.events] == sorted(event["sequence"] for event in system.events)


async def test_who_asks_for_other_sources_or_words_hears_nothing(office: OpenOffice) -> None:
    async with told(office, sources="billing, /policies/*") as (opened, system):
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        await tell(opened)
    assert system.events == []


async def test_events_go_in_batches_where_the_target_takes_them(office: OpenOffice) -> None:
    async with told(office, batch=500, events="[communication.completed]") as (opened, system):
        await opened.send(*(notice(str(number), email="a@x.test") for number in range(20)))
        await opened.work()
        before = len(system.requests)
        await tell(opened)
    assert len(system.events) == 20
    assert len(system.requests) == before + 1


async def test_told_once_nothing_is_told_again(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        await tell(opened)
        number = len(system.events)
        await tell(opened)
    assert number > 0
    assert len(system.events) == number


async def test_an_outage_loses_nothing_and_is_told_once(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(*(notice(str(number), email="a@x.test") for number in range(4)))
        await opened.work()
        system.be(Mood.IS_BUSY)
        with pytest.raises(TransientError):
            await tell(opened)
        (account,) = await targets(opened.place.pool)
        calls = len(system.requests)
        await tell(opened)
        assert len(system.requests) == calls, "it is left alone for a while"
        await tell_again(opened)
        system.be(Mood.TAKES)
        await tell_again(opened)
        (mended,) = await targets(opened.place.pool)

    assert account.waiting == 4
    assert "503" in (account.trouble or "")
    assert sorted(words(system)) == ["communication.completed"] * 4
    assert (mended.waiting, mended.trouble, mended.trouble_since) == (0, None, None)


async def test_wrong_settings_stop_it_and_lose_nothing(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        system.be(Mood.KNOWS_US_NOT)
        with pytest.raises(MisconfiguredError):
            await tell(opened)
        system.be(Mood.TAKES)
        await tell_again(opened)
    assert words(system) == ["communication.completed"]


@pytest.mark.parametrize("batch", [1, 10])
async def test_what_a_target_breaks_at_holds_up_its_own_communication_only(office: OpenOffice, batch: int) -> None:
    async with told(office, batch=batch) as (opened, system):
        await opened.send(*(notice(str(number), email="a@x.test") for number in range(4)))
        await opened.work()
        async with transaction(opened.place.pool) as connection:
            cursor = await connection.execute(
                "SELECT entry_id FROM ledger JOIN communication USING (communication_id) "
                "JOIN inbox ON inbox.record_id = communication.record_id "
                "WHERE source_key = '2' AND ledger.state = 'completed'"
            )
            ((poisoned,),) = await cursor.fetchall()
        system.poison = {str(poisoned)}
        await tell(opened)
        await bounced(opened, "2")
        await opened.work()
        await tell_again(opened)
        meanwhile = words(system, "2")
        system.poison = set()
        await tell_again(opened)

    assert meanwhile == []
    assert all(words(system, str(number)) == ["communication.completed"] for number in (0, 1, 3))
    assert words(system, "2")[:2] == ["communication.completed", "delivery.bounced"]


async def test_what_a_target_does_not_take_is_set_aside_until_it_is_told_again(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        began = datetime.now(UTC)
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        system.be(Mood.REFUSES)
        await tell(opened)
        project, pool = opened.place.project, opened.place.pool
        (refused,) = await refusals(pool, project, "crm", limit=10)
        day = await reconcile_day(pool, project, "crm", datetime.now(zone_of(opened)).date())
        system.be(Mood.TAKES)
        await bounced(opened, "1")
        await opened.work()
        await tell(opened)
        before = len(system.events)
        number = await replay(pool, project, "crm", since=began, until=datetime.now(UTC))
        await tell(opened)
        mended = await reconcile_day(pool, project, "crm", datetime.now(zone_of(opened)).date())

    assert "422" in refused.reason
    assert day.events["communication.completed"] == {"sent": 1, "acknowledged": 0, "refused": 1, "outstanding": 0}
    assert number == 1
    assert mended.outstanding == 0
    ids = [str(event["id"]) for event in system.events]
    assert len(ids) > len(set(ids)), "told again under the same ids"
    assert words(system)[:before].count("delivery.bounced") == 1
    assert words(system)[before : before + 2] == ["communication.completed", "delivery.bounced"]


def zone_of(opened: Office) -> ZoneInfo:
    return ZoneInfo(opened.place.project.locale.timezone)


async def test_a_day_is_told_once_when_it_is_over(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        await tell(opened)
        async with transaction(opened.place.pool) as connection:
            await connection.execute("UPDATE write_back_target SET began_at = began_at - interval '2 days'")
        await tell(opened)
        await tell(opened)

    days = [event for event in system.events if event["type"] == "org.xconnector.write_back.reconciled"]
    yesterday = (datetime.now(zone_of(opened)) - timedelta(minutes=10)).date() - timedelta(days=1)
    assert [event["data"]["day"] for event in days] == [yesterday.isoformat()]
    assert days[0]["data"]["events"] == {}


async def test_what_a_transaction_writes_that_ends_late_is_told_and_in_its_order(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(notice("1", email="a@x.test"), notice("2", email="a@x.test"))
        await opened.work()
        pool = opened.place.pool
        known = {key: (await opened.explain(key)).found for key in ("1", "2")}
        insert = (
            "INSERT INTO ledger (at, batch_id, communication_id, event) "
            "VALUES (clock_timestamp(), %(batch)s, %(key)s, %(event)s)"
        )

        def entry(key: str, event: str) -> Mapping[str, object]:
            return {"batch": known[key].batch_id, "key": known[key].communication_id, "event": event}

        async with pool.connection() as early, pool.connection() as late:
            # The early one has its number, and writes of the second when the late one is through.
            await early.execute(insert, entry("1", "reported accepted"))
            await late.execute(insert, entry("2", "reported delivered"))
            await late.commit()
            await tell(opened)
            await early.execute(insert, entry("2", "reported opened"))
            await early.commit()
        await tell(opened)

    assert words(system, "1") == ["communication.completed", "delivery.accepted"]
    assert words(system, "2") == ["communication.completed", "delivery.delivered", "delivery.opened"]


async def test_a_new_address_that_a_report_tells_goes_back_as_a_proposal(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        (handover,) = (await opened.explain("1")).handovers
        forwarded = DeliveryEvent(
            dispatch_key=handover.dispatch_key,
            type=DeliveryEventType.DEFERRED,
            occurred_at=datetime(2026, 11, 24, 8, 30, 12, 345678, tzinfo=UTC),
            detail="forwarded",
            raw=b'{"row": {"zip": "10117"}, "new_address": {"line": "Neue Str. 2", "postcode": "10117"}}',
        )
        await keep_reports(opened.place, [forwarded])
        await tell(opened)

    assert words(system)[-2:] == ["delivery.deferred", "address.proposed"]
    assert system.events[-1]["data"]["address"] == {"line": "Neue Str. 2", "postcode": "10117"}
    assert "row" not in str(system.events[-1])


async def test_killed_between_the_call_and_its_note_it_tells_the_same_again(office: OpenOffice) -> None:
    async with told(office) as (opened, system):
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        system.be(Mood.LOSES_ANSWERS)
        telling = asyncio.create_task(tell(opened))

        async def is_there() -> bool:
            return bool(system.events)

        await opened.until(is_there)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        system.be(Mood.TAKES)
        await tell_again(opened)
    assert words(system) == ["communication.completed"] * 2
    assert len({event["id"] for event in system.events}) == 1


async def test_the_store_looks_for_the_entries_of_which_the_domain_speaks(office: OpenOffice) -> None:
    async with told(office) as (opened, _), transaction(opened.place.pool) as connection:
        cursor = await connection.execute(
            "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'ledger_told'::regclass"
        )
        ((predicate,),) = await cursor.fetchall()
        asked = sql.SQL("SELECT {} FROM (SELECT %(state)s::text AS state, %(event)s::text AS event) AS ledger").format(
            sql.SQL(predicate.replace("%", "%%"))
        )
        for state in State:
            cursor = await connection.execute(asked, {"state": state.value, "event": ""})
            assert await cursor.fetchone() == (state in TOLD_STATES,)
        for event in (*TOLD_EVENTS, "decided", "withdrawal ordered"):
            cursor = await connection.execute(asked, {"state": "", "event": event})
            assert await cursor.fetchone() == (event in TOLD_EVENTS,)


async def test_nobody_else_can_be_asked_about(office: OpenOffice) -> None:
    async with told(office) as (opened, _):
        with pytest.raises(UnknownTargetError, match="crm"):
            await reconcile_day(opened.place.pool, opened.place.project, "crn", datetime.now(UTC).date())
