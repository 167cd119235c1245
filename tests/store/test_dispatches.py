import asyncio

import pytest

from tests.store.memory import NOW, communication
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import communications, dispatches
from xconnector.store.dispatches import DispatchKeyTakenError, DispatchState, Intent

BOUNCE = DeliveryEvent(dispatch_key="d-0", type=DeliveryEventType.BOUNCED, occurred_at=NOW, final=True, detail="5.1.1")


async def test_a_report_waits_for_the_result_that_is_being_recorded_and_sees_it(pool: Pool) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.DISPATCHING)
        intent = Intent(
            dispatch_key="d-0", communication_id=key, hop=0, connection="email", state=DispatchState.DISPATCHING
        )
        await dispatches.intend(connection, [intent], NOW)

    async def report() -> str:
        async with transaction(pool) as connection:
            await dispatches.remember_events(connection, [BOUNCE], NOW)
            (row,) = await dispatches.reported(connection, ["d-0"])
            return row.dispatch_state

    async with transaction(pool) as connection:
        await communications.move(connection, [key], origin=State.DISPATCHING, target=State.COMPLETED, now=NOW)
        reporting = asyncio.create_task(report())
        await asyncio.sleep(0.2)
        await dispatches.close(connection, [("d-0", DispatchState.HANDED_OVER, "ref")], NOW)
        unseen = await dispatches.unapplied_events(connection, ["d-0"])

    assert unseen == {}
    assert await reporting == DispatchState.HANDED_OVER


async def test_an_event_is_kept_once_and_takes_effect_once(pool: Pool) -> None:
    async with transaction(pool) as connection:
        first = await dispatches.remember_events(connection, [BOUNCE, BOUNCE], NOW)
        again = await dispatches.remember_events(connection, [BOUNCE], NOW)
        known = await dispatches.unapplied_events(connection, ["d-0"])
        await dispatches.mark_applied(connection, ["d-0"])
        applied = await dispatches.unapplied_events(connection, ["d-0"])

    assert (first, again) == ({"d-0"}, set())
    assert known == {"d-0": [BOUNCE]}
    assert applied == {}


async def test_a_late_answer_changes_nothing_of_a_hand_over_that_is_closed(pool: Pool) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.DISPATCHING)
        intent = Intent(
            dispatch_key="d-0", communication_id=key, hop=0, connection="email", state=DispatchState.DISPATCHING
        )
        await dispatches.intend(connection, [intent], NOW)
        first = await dispatches.close(connection, [("d-0", DispatchState.REFUSED, None)], NOW)
        late = await dispatches.close(connection, [("d-0", DispatchState.HANDED_OVER, "ref")], NOW)
        (found,) = await dispatches.of_communication(connection, key)

    assert (first, late) == ({"d-0"}, set())
    assert found.state == DispatchState.REFUSED


async def test_no_key_names_two_hand_overs(pool: Pool) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.DISPATCHING)
        intent = Intent(
            dispatch_key="d-0", communication_id=key, hop=0, connection="email", state=DispatchState.DISPATCHING
        )
        await dispatches.intend(connection, [intent], NOW)
        with pytest.raises(DispatchKeyTakenError):
            await dispatches.intend(connection, [intent], NOW)
