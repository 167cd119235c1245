"""A communication is found by its indexes however many there are, and what is open is counted, not fetched."""

from uuid import UUID

from tests.store.memory import NOW, communication
from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.postgres.connect import Pool, transaction
from xconnector.postgres.queries import Queries
from xconnector.store import communications, failures, reviews

MANY = """
WITH batch AS (INSERT INTO batch (priority, created_at) VALUES (0, now()) RETURNING batch_id),
record AS (
    INSERT INTO inbox (batch_id, source, source_key, fate, event_type, sha256, received_at)
    SELECT batch_id, 'crm', 'many-' || number, 'taken', 'e', '', now() FROM batch, generate_series(1, 5000) AS number
    RETURNING batch_id, record_id
)
INSERT INTO communication (communication_id, batch_id, record_id, name, customer_key, state, moved_at)
SELECT gen_random_uuid(), batch_id, record_id, 'notice', 'K', 'completed', now() FROM record
"""


async def test_it_is_found_by_its_source_key_and_by_the_beginning_of_its_id(pool: Pool) -> None:
    async with transaction(pool) as connection:
        first = await communication(connection, 0xABC0 << 112, State.DECIDED)
        await communication(connection, 0xABD0 << 112, State.DECIDED)
        by_key = await communications.find(connection, f"R{first.int}")
        by_id = await communications.find(connection, "abc")
        unclear = await communications.find(connection, "ab")
        nothing = await communications.find(connection, "abe")

    assert [row.communication_id for row in by_key] == [row.communication_id for row in by_id] == [first]
    assert len(unclear) == 2
    assert nothing == []


async def test_nothing_is_read_from_end_to_end_to_find_one(pool: Pool) -> None:
    find = Queries.load("xconnector.store", "communications.sql").find
    wanted = {"first": UUID(int=0), "last": UUID(int=9), "source_key": "many-77"}
    async with transaction(pool) as connection:
        await connection.execute(MANY)
        await connection.execute("ANALYZE communication, inbox")
        (found,) = await communications.find(connection, "many-77")
        cursor = await connection.execute(b"EXPLAIN " + find, wanted)
        plan = "\n".join(str(row[0]) for row in await cursor.fetchall())

    assert found.source_key == "many-77"
    assert "Seq Scan on communication" not in plan, plan
    assert "Seq Scan on inbox" not in plan, plan


async def test_what_is_open_is_counted(pool: Pool) -> None:
    async with transaction(pool) as connection:
        keys = [await communication(connection, number, State.IN_REVIEW) for number in (1, 2, 3)]
        await reviews.request(connection, [(key, "legal", "0" * 64) for key in keys], NOW)
        await communications.move(connection, keys[:1], origin=State.IN_REVIEW, target=State.CANCELLED, now=NOW)
        for key, stage in zip(keys, ("archive", "archive", "deliver"), strict=True):
            failure = Failure(stage=stage, kind=FailureKind.OUTAGE, reason="it does not answer")
            await failures.remember(
                connection, [failures.Stopped(batch_id=1, communication_id=key, failure=failure)], NOW
            )
        waiting = await reviews.count_waiting(connection)
        failed, causes = await failures.count_open(connection)

    assert waiting == 2
    assert (failed, causes) == (3, 2)
