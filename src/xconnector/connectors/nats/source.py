"""Streams of NATS JetStream as records."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from xconnector.connectors.nats.settings import NatsSettings
from xconnector.contract.manifest import Surroundings
from xconnector.contract.stream_message import Binding, MessageReader, Missive
from xconnector.contract.stream_source import Appetite, Listening, StreamBatch
from xconnector.domain.event import BadRecord

if TYPE_CHECKING:
    # Its library is an extra: whoever makes the source brings it.
    from xconnector.connectors.nats.client import Given, NatsSession

NewSession: TypeAlias = "Callable[[NatsSettings, SSLContext | None], NatsSession]"

_BINDING = Binding(prefixes=("ce-",), is_percent_encoded=True)
_ID = "nats-msg-id"


class NatsSource:
    """Opens a connection for each listener."""

    def __init__(self, settings: NatsSettings, surroundings: Surroundings, new_session: NewSession) -> None:
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
            listening = _NatsListening(session, reader)
            try:
                yield listening
            finally:
                await listening.give_back()

    @asynccontextmanager
    async def _session(self) -> "AsyncGenerator[NatsSession]":
        session = self._new_session(self._settings, self._settings.transport.context(self._folder))
        try:
            await session.open()
            yield session
        finally:
            await session.close()


class _NatsListening:
    def __init__(self, session: "NatsSession", reader: MessageReader) -> None:
        self._session = session
        self._reader = reader
        self._open: list[Given] = []
        """Taken and not acknowledged."""

    async def take(self, appetite: Appetite, /) -> StreamBatch:
        await self._session.ask(appetite.most, lasting=appetite.patience)
        size, within = 0, appetite.patience.total_seconds()
        ends_at = time.monotonic() + within
        while len(self._open) < appetite.most and size < appetite.most_bytes:
            given = await self._session.next(max(ends_at - time.monotonic(), 0))
            if given is None:
                break
            if not self._open:
                ends_at = time.monotonic() + appetite.within.total_seconds()
            self._open.append(given)
            size += len(given.payload)
        given_now = tuple(self._open)
        records = [self._reader.read(_missive(given)) for given in given_now]

        async def ack() -> None:
            if not given_now:
                return
            pairs = list(zip(given_now, records, strict=True))
            await self._session.settle(
                [given for given, record in pairs if not isinstance(record, BadRecord)],
                [given for given, record in pairs if isinstance(record, BadRecord)],
            )
            self._open.clear()

        return StreamBatch(records=records, ack=ack)

    async def give_back(self) -> None:
        await self._session.give_back(self._open)


def _missive(given: "Given") -> Missive:
    return Missive(
        payload=given.payload,
        headers=given.headers,
        key=given.headers.get(_ID),
        position=given.position,
        content_type=given.headers.get("content-type"),
    )
