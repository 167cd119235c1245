import asyncio
from dataclasses import replace
from functools import partial

from psycopg import Rollback

from tests.store.memory import NOW, arrival, batch
from xconnector.domain.event import RecordFate
from xconnector.postgres.connect import Connection, Pool, in_transaction, transaction
from xconnector.store import inbox
from xconnector.store.inbox import Arrival, Received


async def _receive(pool: Pool, *arrivals: Arrival) -> list[Received]:
    async with transaction(pool) as connection:
        return await inbox.receive(connection, await batch(connection), arrivals, NOW)


async def test_the_same_key_with_the_same_bytes_is_repeated(pool: Pool) -> None:
    (first,) = await _receive(pool, arrival("1", b"a"))
    (again,) = await _receive(pool, arrival("1", b"a"))

    assert (first.fate, again.fate) == (RecordFate.TAKEN, RecordFate.REPEATED)
    assert again.earlier_sha256 == again.sha256 == first.sha256


async def test_the_same_key_with_other_bytes_is_refused_and_both_are_kept(pool: Pool) -> None:
    await _receive(pool, arrival("1", b"a"))
    (second,) = await _receive(pool, arrival("1", b"b"))

    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT payload, fate FROM inbox ORDER BY record_id")
        kept = await cursor.fetchall()
    assert second.fate is RecordFate.REFUSED
    assert second.earlier_sha256 == arrival("1", b"a").sha256
    assert second.sha256 == arrival("1", b"b").sha256
    assert kept == [(b"a", "taken"), (b"b", "refused")]


async def test_the_same_key_with_the_same_bytes_and_another_type_is_refused(pool: Pool) -> None:
    first = arrival("1", b"{}")
    await _receive(pool, first)
    (second,) = await _receive(pool, replace(first, event_type="com.small.another"))

    assert second.fate is RecordFate.REFUSED


async def test_fates_come_in_the_order_of_the_records_whatever_repeats_in_one_batch(pool: Pool) -> None:
    received = await _receive(
        pool,
        arrival("2", b"a"),
        arrival("1", b"a"),
        arrival("2", b"b"),
        arrival(None, b"x", reason="it has no key"),
        arrival("1", b"a"),
        arrival("3", b"a"),
    )

    assert [row.fate for row in received] == [
        "taken", "taken", "refused", "set_aside", "repeated", "taken",
    ]  # fmt: skip
    assert [row.source_key for row in received] == ["2", "1", "2", None, "1", "3"]
    assert len({row.record_id for row in received}) == 6


async def test_of_two_connections_at_once_one_takes_each_key(pool: Pool) -> None:
    records = [arrival(str(number), b"a") for number in range(50)]
    both = await asyncio.gather(
        *(in_transaction(pool, partial(_in, given=given)) for given in (records, list(reversed(records)), records))
    )

    fates = [row.fate for received in both for row in received]
    assert fates.count(RecordFate.TAKEN) == 50
    assert fates.count(RecordFate.REPEATED) == 100


async def _in(connection: Connection, *, given: list[Arrival]) -> list[Received]:
    return await inbox.receive(connection, await batch(connection), given, NOW)


async def test_a_key_that_another_intake_gave_up_is_free_again(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await inbox.receive(connection, await batch(connection), [arrival("1", b"a")], NOW)
        raise Rollback
    (row,) = await _receive(pool, arrival("1", b"b"))

    assert row.fate is RecordFate.TAKEN


async def test_a_record_is_asked_once_what_it_wants(pool: Pool) -> None:
    async with transaction(pool) as connection:
        batch_id = await batch(connection)
        (row,) = await inbox.receive(connection, batch_id, [arrival("1")], NOW)
    async with transaction(pool) as connection:
        (record,) = await inbox.unasked(connection, batch_id)
        await inbox.set_made(connection, [(record.record_id, 2)])
    async with transaction(pool) as connection:
        assert await inbox.unasked(connection, batch_id) == []
    assert record.record_id == row.record_id


async def test_a_record_set_aside_is_taken_again_unless_its_key_was_taken_meanwhile(pool: Pool) -> None:
    async with transaction(pool) as connection:
        batch_id = await batch(connection)
        first, second = await inbox.receive(connection, batch_id, [arrival("1"), arrival("2")], NOW)
        await inbox.set_aside(connection, [(first.record_id, "no mapping"), (second.record_id, "no mapping")])
    await _receive(pool, arrival("2", b"again"))
    async with transaction(pool) as connection:
        taken = await inbox.take_again(connection, [first.record_id, second.record_id])

    assert taken == [(first.record_id, batch_id)]
