from datetime import UTC, datetime, timedelta

import pytest

from tests.office import Changes, Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.execution.jobs import Attempt, Priority
from xconnector.pipeline.track import keep_reports
from xconnector.pipeline.unseen import unseen
from xconnector.postgres.connect import transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOR_FIVE_DAYS: Changes = {
    "tables/routing.md": [("| email, print      |", "| email for 5 days, print |")],
}


async def _lie_there(opened: Office, time: timedelta) -> None:
    """Let the hand-over be as long ago as this, and look after what nobody saw."""
    found = await opened.explain("1")
    async with transaction(opened.place.pool) as connection:
        await connection.execute("UPDATE dispatch SET intended_at = intended_at - %(time)s", {"time": time})
    ids = {"batch_id": found.found.batch_id, "channel": "email"}
    attempt = Attempt(stage="unseen", ids=ids, priority=Priority.ONE_OFF, number=1, job_id=1)
    await unseen(opened.place, attempt, found.found.batch_id, "email")


async def _mailed(opened: Office) -> None:
    await opened.send(notice("1", email="a@x.test"))
    await opened.work_until(("1", State.COMPLETED))


async def test_what_nobody_saw_in_its_time_takes_the_next_hop(office: OpenOffice) -> None:
    async with office(FOR_FIVE_DAYS) as opened:
        await _mailed(opened)
        await _lie_there(opened, timedelta(days=5))
        account = await opened.work()
        found = await opened.explain("1")

    assert account.closes
    assert [handover.connection for handover in found.handovers] == ["email", "print"]
    rerouted = next(entry for entry in found.history if entry.event == "rerouted")
    assert (rerouted.detail or {})["because"] == "nobody looked at it at email for 5 days"


async def test_before_its_time_it_stays(office: OpenOffice) -> None:
    async with office(FOR_FIVE_DAYS) as opened:
        await _mailed(opened)
        await _lie_there(opened, timedelta(days=4))

        assert await opened.state_of("1") == State.COMPLETED


async def test_what_was_seen_stays(office: OpenOffice) -> None:
    async with office(FOR_FIVE_DAYS) as opened:
        await _mailed(opened)
        (handover,) = (await opened.explain("1")).handovers
        seen = DeliveryEvent(
            dispatch_key=handover.dispatch_key, type=DeliveryEventType.OPENED, occurred_at=datetime.now(UTC)
        )
        await keep_reports(opened.place, [seen])
        await _lie_there(opened, timedelta(days=6))

        assert await opened.state_of("1") == State.COMPLETED


async def test_it_is_looked_after_when_its_time_is_over(office: OpenOffice) -> None:
    async with office(FOR_FIVE_DAYS) as opened:
        await _mailed(opened)
        async with transaction(opened.place.pool) as connection:
            cursor = await connection.execute("SELECT due_at FROM wait WHERE stage = 'unseen'")
            ((due_at,),) = await cursor.fetchall()

    assert timedelta(days=4, hours=23) < due_at - datetime.now(UTC) <= timedelta(days=5)
