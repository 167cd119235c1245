"""A group that is shared out anew while messages are gathered: nothing is passed over."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from confluent_kafka import Producer

from xconnector.connectors.kafka.client import Given, KafkaSession
from xconnector.connectors.kafka.settings import KafkaSettings
from xconnector.contract.stream_source import Appetite

TOPIC, PARTITIONS, EACH = "events", 4, 200


async def test_what_comes_while_another_member_joins_and_leaves_is_all_given() -> None:
    # The driver brings a broker of its own for tests; it lives as long as this producer.
    producer = Producer({"bootstrap.servers": "none:1", "test.mock.num.brokers": 1, "linger.ms": 0, "log_level": 0})
    broker = next(iter((await asyncio.to_thread(producer.list_topics, timeout=10)).brokers.values()))
    await publish(producer, range(1))
    given: list[Given] = []
    async with member(f"{broker.host}:{broker.port}") as first:
        await gather(first, given, Appetite(), least=PARTITIONS)
        publishing = asyncio.create_task(publish(producer, range(1, EACH)))
        # Longer than it takes the other to come and go: partitions are taken and given back within one call.
        gathering = asyncio.create_task(first.next(Appetite(most=10_000, within=timedelta(seconds=7))))
        async with member(f"{broker.host}:{broker.port}") as second:
            of_second: list[Given] = []
            await gather(second, of_second, Appetite(), least=1)
            assert of_second, "the second became no member"
        await publishing
        given += of_second
        late = await gathering
        given += late
        await first.acknowledge(late)
        everything = {(partition, offset) for partition in range(PARTITIONS) for offset in range(EACH)}
        await gather(first, given, Appetite(), least=len(everything))
    assert {(one.partition, one.offset) for one in given} == everything


@asynccontextmanager
async def member(broker: str) -> AsyncGenerator[KafkaSession]:
    stated = {"brokers": [broker], "topics": [TOPIC], "group": "g", "key": ["number"], "session": "3s"}
    session = KafkaSession(KafkaSettings.model_validate({**stated, "transport": {"tls": False}}), Path())
    await session.open()
    await session.join()
    try:
        yield session
    finally:
        await session.close()


async def gather(session: KafkaSession, given: list[Given], appetite: Appetite, *, least: int) -> None:
    """Take and acknowledge until so many different messages were given, or none comes any more."""
    silent = 0
    while len({(one.partition, one.offset) for one in given}) < least and silent < 10:
        batch = await session.next(appetite)
        silent = 0 if batch else silent + 1
        given += batch
        await session.acknowledge(batch)


async def publish(producer: Producer, numbers: range) -> None:
    """Put one message after the other into every partition, slowly."""
    for number in numbers:
        for partition in range(PARTITIONS):
            producer.produce(TOPIC, b"%d" % number, partition=partition)
        producer.poll(0)
        await asyncio.sleep(0.025)
    await asyncio.to_thread(producer.flush, 10)
