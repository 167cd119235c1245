import asyncio
from uuid import UUID

import pytest
from psycopg import Rollback

from tests.store.memory import NOW, communication
from xconnector.domain.communication import State
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import communications


async def test_each_move_has_exactly_one_mover(pool: Pool) -> None:
    async with transaction(pool) as connection:
        ids = [await communication(connection, number, State.DECIDED) for number in range(1, 31)]

    async def move(chosen: list[UUID]) -> set[UUID]:
        async with transaction(pool) as connection:
            moved = await communications.move(connection, chosen, origin=State.DECIDED, target=State.COMPOSED, now=NOW)
            await asyncio.sleep(0.01)
            return moved

    moved = await asyncio.gather(*(move(ids) for _ in range(6)))

    assert sum(len(each) for each in moved) == 30
    assert set().union(*moved) == set(ids)


async def test_a_move_that_is_undone_leaves_its_communications_to_others(pool: Pool) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.DECIDED)
    async with transaction(pool) as connection:
        await communications.move(connection, [key], origin=State.DECIDED, target=State.COMPOSED, now=NOW)
        raise Rollback
    async with transaction(pool) as connection:
        assert await communications.move(connection, [key], origin=State.DECIDED, target=State.COMPOSED, now=NOW) == {
            key
        }


async def test_an_illegal_move_is_a_defect(pool: Pool) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.SUPPRESSED)
        with pytest.raises(AssertionError, match="no communication moves from suppressed to dispatching"):
            await communications.move(connection, [key], origin=State.SUPPRESSED, target=State.DISPATCHING, now=NOW)


async def test_hops_are_taken_until_the_plan_is_used_up(pool: Pool) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.COMPLETED, plan=("email", "print"))
        (first,) = await communications.next_hop(connection, [key], origin=State.COMPLETED, now=NOW)
        again = await communications.next_hop(connection, [key], origin=State.COMPLETED, now=NOW)
        await communications.move(connection, [key], origin=State.ARCHIVED, target=State.DISPATCHING, now=NOW)
        (last,) = await communications.next_hop(connection, [key], origin=State.DISPATCHING, now=NOW)

    assert (first.hop, first.connection) == (1, "print")
    assert again == []
    assert (last.hop, last.connection) == (2, None)


async def test_a_source_key_is_meant_before_the_beginning_of_an_id(pool: Pool) -> None:
    async with transaction(pool) as connection:
        ids = [await communication(connection, number, State.DECIDED) for number in (1, 2)]
        by_key = await communications.find(connection, "R2")
        by_id = await communications.find(connection, str(ids[0]))
        by_beginning = await communications.find(connection, "0000")
        nothing = await communications.find(connection, "R'; --")

    assert [found.communication_id for found in by_key] == [ids[1]]
    assert [found.communication_id for found in by_id] == [ids[0]]
    assert len(by_beginning) == 2
    assert nothing == []
