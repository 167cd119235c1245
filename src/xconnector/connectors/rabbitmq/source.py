"""Queues of RabbitMQ as records."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from xconnector.connectors.rabbitmq.settings import RabbitmqSettings
from xconnector.contract.manifest import Surroundings
from xconnector.contract.stream_message import Binding, MessageReader, Missive
from xconnector.contract.stream_source import Appetite, Listening, StreamBatch

if TYPE_CHECKING:
    # Its library is an extra: whoever makes the source brings it.
    from xconnector.connectors.rabbitmq.client import Given, RabbitmqSession

NewSession: TypeAlias = "Callable[[RabbitmqSettings, SSLContext | None], RabbitmqSession]"

_BINDING = Binding(prefixes=("cloudevents:", "cloudevents_"))
_LOOK_EVERY = timedelta(seconds=5)
"""How often to look whether a silent queue is still there."""


class RabbitmqSource:
    """Opens a connection for each listener."""

    def __init__(self, settings: RabbitmqSettings, surroundings: Surroundings, new_session: NewSession) -> None:
        self._settings = settings
        self._new_session = new_session
        self._folder = surroundings.project_folder

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return None

    async def check(self) -> None:
        async with self._session():
            pass

    @asynccontextmanager
    async def listening(self, *, source: str, event_type: str) -> AsyncGenerator[Listening]:
        reader = MessageReader(self._settings, _BINDING, source=source, event_type=event_type)
        async with self._session() as session:
            await session.listen()
            yield _RabbitmqListening(session, reader)

    @asynccontextmanager
    async def _session(self) -> "AsyncGenerator[RabbitmqSession]":
        session = self._new_session(self._settings, self._settings.transport.context(self._folder))
        try:
            await session.open()
            yield session
        finally:
            await session.close()


class _RabbitmqListening:
    def __init__(self, session: "RabbitmqSession", reader: MessageReader) -> None:
        self._session = session
        self._reader = reader
        self._looked_at = time.monotonic()

    async def take(self, appetite: Appetite, /) -> StreamBatch:
        given: list[Given] = []
        size, ends_at = 0, time.monotonic() + appetite.patience.total_seconds()
        while len(given) < appetite.most and size < appetite.most_bytes:
            one = await self._session.next(max(ends_at - time.monotonic(), 0.001))
            if one is None:
                break
            if not given:
                ends_at = time.monotonic() + appetite.within.total_seconds()
            given.append(one)
            size += len(one.payload)
        if not given:
            await self._look()

        async def ack() -> None:
            if given:
                await self._session.acknowledge(given[-1])

        return StreamBatch(records=[self._reader.read(_missive(one)) for one in given], ack=ack)

    async def _look(self) -> None:
        if time.monotonic() - self._looked_at > _LOOK_EVERY.total_seconds():
            await self._session.prove()
            self._looked_at = time.monotonic()


def _missive(given: "Given") -> Missive:
    return Missive(payload=given.payload, headers=given.headers, key=given.message_id, content_type=given.content_type)
