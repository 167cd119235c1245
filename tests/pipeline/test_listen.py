"""What brokers give, from the broker to the inbox: once each, whatever is repeated, disordered, cut off or killed."""

import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.connectors.kafka import stand_in as kafka
from tests.connectors.nats import stand_in as nats
from tests.connectors.programs import until
from tests.connectors.rabbitmq import stand_in as rabbitmq
from tests.office import QUICK, edit, notice, open_place, write_office_project
from tests.pipeline.mortal_listener import BITES, BROKER, FEED
from tests.pipeline.scripted_broker import ScriptedBroker
from xconnector.contract.errors import TransientError
from xconnector.contract.lifecycle import Connector
from xconnector.domain.event import BadRecord
from xconnector.execution.jobs import Priority
from xconnector.execution.listening import keep_listening
from xconnector.execution.shift import Shift, ShiftState, told_shifts
from xconnector.pipeline.listen import Bounds, listen
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import reading, transaction
from xconnector.testing.conformance.stream_stand_in import Published, StreamStandIn

HASTY = replace(BITES, first_wait=QUICK)
OpenStream = Callable[[Path], AbstractAsyncContextManager[StreamStandIn]]
SOMEWHERE: Mapping[str, object] = {
    "servers": ["nats://127.0.0.1:1"], "stream": "POLICIES", "transport": {"tls": False},
}  # fmt: skip
BROKERS = [
    pytest.param("nats", nats.open_stream, 2, id="nats"),
    pytest.param("rabbitmq", rabbitmq.open_stream, 2, id="rabbitmq", marks=pytest.mark.peer(rabbitmq.PEER)),
    # Where two members of a group are cut off at once, Tansu may leave the group without an answer for good.
    pytest.param("kafka", kafka.open_stream, 1, id="kafka"),
]


@pytest.mark.slow
@pytest.mark.parametrize("connector, open_stream, number", BROKERS)
async def test_repetition_disorder_and_death_end_in_the_same_state(
    connector: str, open_stream: OpenStream, number: int, database: str, tmp_path: Path
) -> None:
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    keys = [f"N{number}" for number in range(100)]
    events = [Published(payload=notice(key).payload) for key in [*keys, *chance.sample(keys, 40)]]
    bad = [Published(payload=b"no JSON %d" % number) for number in range(8)]
    published = chance.sample([*events, *bad], len(events) + len(bad))

    async with open_stream(tmp_path / "broker") as broker:
        folder = write_listening_project(tmp_path / "project", connector, broker.settings)
        await broker.publish(published[:100])
        assert await die_before_acknowledging(folder, database, batches=chance.randrange(3)) == -signal.SIGKILL

        async with open_place(folder, database, 1) as place, listeners(place, number):
            await until(partial(has_taken, place, 50))
            await broker.go_down()
            await until(partial(is_told, place, ShiftState.FAILING), why="nobody told that the broker is gone")
            await broker.come_up()
            await broker.publish(published[100:])
            await until(partial(has_taken, place, len(keys)), why=f"not everything came; seed {seed}")
            await until(partial(is_empty, broker), why=f"something stays in the broker; seed {seed}")

        async with open_place(folder, database, 1) as place:
            kept = await inbox(place)
    set_aside = sorted(payload for _, fate, payload in kept if fate == "set_aside")
    assert Counter(key for key, fate, _ in kept if fate == "taken") == Counter(keys), seed
    assert set_aside == sorted(one.payload for one in bad), seed
    assert {fate for _, fate, _ in kept} == {"taken", "repeated", "set_aside"}, seed


async def test_what_is_given_is_received_for_its_feed_and_acknowledged(database: str, tmp_path: Path) -> None:
    bad = BadRecord(source=FEED, source_key="POLICIES/3", payload=b"?", reason="no JSON")
    other = replace(notice("2"), event_type="com.small.other")
    broker = ScriptedBroker([[notice("1"), other], [bad], [bad]])

    async with listening_to(broker, database, tmp_path) as place:
        await until(partial(has_acknowledged, broker, 3))
        kept = await inbox(place)

    assert kept[:2] == [("1", "taken", notice("1").payload), ("2", "taken", other.payload)]
    assert kept[2:] == [("POLICIES/3", "set_aside", b"?")]


async def test_what_the_database_refuses_alone_is_set_aside_and_the_rest_passes(database: str, tmp_path: Path) -> None:
    refused = replace(notice("2"), source_key="2\0")
    broker = ScriptedBroker([[notice("1"), refused, notice("3")]])

    async with listening_to(broker, database, tmp_path) as place:
        await until(partial(has_acknowledged, broker, 1))
        kept = await inbox(place)

    assert [(key, fate) for key, fate, _ in kept] == [("1", "taken"), ("", "set_aside"), ("3", "taken")]
    assert kept[1][2] == refused.payload


async def test_while_too_much_waits_nothing_is_taken_in(database: str, tmp_path: Path) -> None:
    broker = ScriptedBroker([[notice("1")]])

    async with open_listening_place(broker, database, tmp_path) as place:
        async with transaction(place.pool) as connection:
            waiting = [{"batch_id": number} for number in range(4)]
            await place.jobs.defer_many(connection, "prepare", waiting, priority=Priority.ONE_OFF)
        async with listeners(place, 1, bounds=Bounds(most_waiting=3, look=QUICK)):
            await until(partial(is_told, place, ShiftState.RESTING))
            assert broker.acknowledged == []
            async with transaction(place.pool) as connection:
                await connection.execute("DELETE FROM procrastinate_jobs WHERE (args->>'batch_id')::int > 0")
            await until(partial(has_acknowledged, broker, 1))


async def test_jobs_of_runs_hold_up_nothing(database: str, tmp_path: Path) -> None:
    broker = ScriptedBroker([[notice("1")]])

    async with open_listening_place(broker, database, tmp_path) as place:
        async with transaction(place.pool) as connection:
            waiting = [{"batch_id": number} for number in range(4)]
            await place.jobs.defer_many(connection, "prepare", waiting, priority=Priority.BULK)
        async with listeners(place, 1, bounds=Bounds(most_waiting=3, look=QUICK)):
            await until(partial(has_acknowledged, broker, 1))


async def test_a_broker_that_failed_is_listened_to_again(database: str, tmp_path: Path) -> None:
    broker = ScriptedBroker([[notice("1")]], errors=[TransientError("it is gone"), TransientError("it is gone")])

    async with listening_to(broker, database, tmp_path):
        await until(partial(has_acknowledged, broker, 1))


@pytest.mark.parametrize("why", ["disk_full", "read_only_sql_transaction"])
async def test_what_was_given_stays_in_hand_while_the_database_takes_nothing(
    why: str, database: str, tmp_path: Path
) -> None:
    broker = ScriptedBroker([[notice("1"), notice("2")]])

    async with open_listening_place(broker, database, tmp_path) as place:
        await refuse_writes(place, why)
        async with listeners(place, 1, bounds=HASTY):
            await until(partial(has_tried, place, 4))
            await until(partial(is_told, place, ShiftState.FAILING))
            assert broker.acknowledged == []
            await allow_writes(place)
            await until(partial(has_acknowledged, broker, 1))
            await until(partial(is_told, place, ShiftState.LISTENING))
        kept = await inbox(place)

    assert broker.turns == 1, "a message that is given back is given once more, and some brokers count that"
    assert [(key, fate) for key, fate, _ in kept] == [("1", "taken"), ("2", "taken")]


async def test_a_shift_ends_though_the_database_takes_nothing(database: str, tmp_path: Path) -> None:
    broker = ScriptedBroker([[notice("1")]])

    async with open_listening_place(broker, database, tmp_path) as place:
        await refuse_writes(place, "disk_full")
        async with listeners(place, 1, bounds=HASTY):
            await until(partial(has_tried, place, 2))
    assert broker.acknowledged == []


@pytest.mark.slow
@pytest.mark.peer(rabbitmq.PEER)
async def test_a_queue_that_drops_what_was_given_too_often_loses_nothing_to_a_database_that_takes_nothing(
    database: str, tmp_path: Path
) -> None:
    keys = [f"N{number}" for number in range(30)]
    async with rabbitmq.open_stream(tmp_path / "broker") as broker:
        async with broker.channel() as channel:
            await channel.queue_delete(broker.queue)
            await channel.declare_queue(
                broker.queue, durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 2}
            )
        settings = {**broker.settings, "declare": False}
        folder = write_listening_project(tmp_path / "project", "rabbitmq", settings)
        await broker.publish([Published(payload=notice(key).payload) for key in keys])

        async with open_place(folder, database, 1) as place:
            await refuse_writes(place, "disk_full")
            async with listeners(place, 1, bounds=HASTY):
                await until(partial(has_tried, place, 6))
                await allow_writes(place)
                await until(partial(has_taken, place, len(keys)), why="the queue dropped what it gave")
            kept = await inbox(place)
    assert Counter((key, fate) for key, fate, _ in kept) == Counter((key, "taken") for key in keys)


async def test_a_shift_that_is_over_takes_no_more(database: str, tmp_path: Path) -> None:
    broker = ScriptedBroker([[notice("1")]])
    async with open_listening_place(broker, database, tmp_path) as place:
        over = asyncio.Event()
        over.set()
        await listen(place, place.project.feeds[FEED], Shift(FEED, pool=place.pool, ending=over))
    assert broker.acknowledged == []


# ---------------------------------------------------------------- a project that listens


def write_listening_project(folder: Path, connector: str, settings: Mapping[str, object]) -> Path:
    """Write the small project with a feed that listens to a broker."""
    write_office_project(folder)
    stated = msgspec.json.encode({"connector": connector, **settings, "key": ["number"]}).decode()
    feed = "{connection: broker, event: com.small.notice, mapping: notice}"
    edit(folder, "xconnector.yaml", "feeds:\n", f"  {BROKER}: {stated}\nfeeds:\n  {FEED}: {feed}\n")
    return folder


@asynccontextmanager
async def open_listening_place(broker: Connector, database: str, folder: Path) -> AsyncGenerator[Workplace]:
    write_listening_project(folder, "nats", SOMEWHERE)
    async with open_place(folder, database, 1, already_open={BROKER: broker}) as place:
        yield place


@asynccontextmanager
async def listening_to(broker: Connector, database: str, folder: Path) -> AsyncGenerator[Workplace]:
    async with open_listening_place(broker, database, folder) as place, listeners(place, 1):
        yield place


@asynccontextmanager
async def listeners(place: Workplace, number: int, *, bounds: Bounds = BITES) -> AsyncGenerator[None]:
    """Let so many listeners work for the block, and end them in good order."""
    over = asyncio.Event()
    listening = partial(listen, place, place.project.feeds[FEED], bounds=bounds)
    shifts = [Shift(f"{FEED} {one}", pool=place.pool, ending=over) for one in range(number)]
    tasks = [asyncio.create_task(keep_listening(each, FEED, listening, first_wait=QUICK)) for each in shifts]
    try:
        yield
    finally:
        over.set()
        async with asyncio.timeout(timedelta(seconds=30).total_seconds()):
            await asyncio.gather(*tasks)


async def die_before_acknowledging(folder: Path, database: str, *, batches: int) -> int:
    """Listen in a program of its own until it kills itself, and return how it ended."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, *("-m", "tests.pipeline.mortal_listener", str(folder), database, str(batches))
    )
    return await asyncio.wait_for(program.wait(), 60)


# ---------------------------------------------------------------- what became of it


async def inbox(place: Workplace) -> list[tuple[str, str, bytes]]:
    """Return key, fate and bytes of every record that came in, in their sequence."""
    async with reading(place.pool) as connection:
        query = "SELECT coalesce(source_key, ''), fate, coalesce(payload, '') FROM inbox ORDER BY batch_id, record_id"
        rows = await (await connection.execute(query)).fetchall()
    return [(str(key), str(fate), bytes(payload)) for key, fate, payload in rows]


async def has_taken(place: Workplace, number: int) -> bool:
    return sum(fate == "taken" for _, fate, _ in await inbox(place)) >= number


async def has_acknowledged(broker: ScriptedBroker, number: int) -> bool:
    return len(broker.acknowledged) >= number


async def refuse_writes(place: Workplace, why: str) -> None:
    """Let the database refuse whatever comes in, with an error of this name, and count how often."""
    async with transaction(place.pool) as connection:
        await connection.execute("CREATE SEQUENCE tries")
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN PERFORM nextval('tries'); RAISE EXCEPTION USING ERRCODE = '{why}'; END$$".encode()
        )
        await connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON inbox EXECUTE FUNCTION refuse()")


async def allow_writes(place: Workplace) -> None:
    async with transaction(place.pool) as connection:
        await connection.execute("DROP TRIGGER refuse ON inbox")


async def has_tried(place: Workplace, number: int) -> bool:
    async with reading(place.pool) as connection:
        row = await (await connection.execute("SELECT last_value FROM tries")).fetchone()
    return row is not None and int(row[0]) >= number


async def is_empty(broker: StreamStandIn) -> bool:
    return await broker.unacknowledged() == 0


async def is_told(place: Workplace, state: ShiftState) -> bool:
    async with reading(place.pool) as connection:
        return any(told.state is state for told in await told_shifts(connection))
