"""A queue of its own for each test, in the one RabbitMQ of a session of tests, over a line that can be cut."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractChannel

from tests.connectors.line import Line
from tests.connectors.rabbitmq.server import RabbitServer, running_server
from xconnector.testing.conformance.stream_stand_in import Published

PEER = "rabbitmq-server"


@dataclass(slots=True, kw_only=True)
class RabbitQueue:
    server: RabbitServer
    queue: str
    line: Line
    attribute_prefix: str = "cloudEvents:"
    further: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def settings(self) -> Mapping[str, object]:
        return {
            "host": "127.0.0.1",
            "port": self.line.port,
            "queue": self.queue,
            "declare": True,
            "key": ["account"],
            "user": "guest",
            "password": "guest",
            "transport": {"tls": False},
            **self.further,
        }

    @property
    def elsewhere(self) -> Mapping[str, object]:
        return {**self.settings, "queue": "nowhere", "declare": False}

    async def publish(self, messages: Sequence[Published], /) -> None:
        async with self.channel() as channel:
            for message in messages:
                sent = aio_pika.Message(
                    message.payload,
                    headers=dict(message.headers),
                    message_id=message.key,
                    content_type=message.content_type,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                )
                await channel.default_exchange.publish(sent, self.queue)

    async def unacknowledged(self) -> int:
        """What is ready, which is everything as soon as nobody listens."""
        async with self.channel() as channel:
            queue = await channel.declare_queue(self.queue, passive=True)
            return queue.declaration_result.message_count or 0

    async def go_down(self) -> None:
        await self.line.cut()

    async def come_up(self) -> None:
        await self.line.lay()

    async def delete(self) -> None:
        async with self.channel() as channel:
            await channel.queue_delete(self.queue)

    @asynccontextmanager
    async def channel(self) -> AsyncGenerator[AbstractChannel]:
        """A channel of somebody else's, past the line."""
        async with await aio_pika.connect(
            host="127.0.0.1", port=self.server.port, login="guest", password="guest"
        ) as connection:
            yield await connection.channel()


@asynccontextmanager
async def open_stream(_folder: Path) -> AsyncGenerator[RabbitQueue]:
    server = await running_server()
    queue = RabbitQueue(server=server, queue=f"events-{uuid4().hex[:8]}", line=Line(target=server.port))
    await queue.come_up()
    async with queue.channel() as channel:
        await channel.declare_queue(queue.queue, durable=True, arguments={"x-queue-type": "quorum"})
    try:
        yield queue
    finally:
        await queue.go_down()
        await queue.delete()
