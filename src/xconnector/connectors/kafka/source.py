"""Topics of Kafka as records."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from xconnector.connectors.kafka.settings import KafkaSettings
from xconnector.contract.manifest import Surroundings
from xconnector.contract.stream_message import Binding, MessageReader, Missive
from xconnector.contract.stream_source import Appetite, Listening, StreamBatch

if TYPE_CHECKING:
    # Its library is an extra: whoever makes the source brings it.
    from xconnector.connectors.kafka.client import Given, KafkaSession

NewSession: TypeAlias = "Callable[[KafkaSettings, Path], KafkaSession]"

_BINDING = Binding(prefixes=("ce_",))


class KafkaSource:
    """Joins the group anew for each listener."""

    def __init__(self, settings: KafkaSettings, surroundings: Surroundings, new_session: NewSession) -> None:
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
            await session.join()
            yield _KafkaListening(session, reader, skips_tombstones=self._settings.skip_tombstones)

    @asynccontextmanager
    async def _session(self) -> "AsyncGenerator[KafkaSession]":
        session = self._new_session(self._settings, self._folder)
        try:
            await session.open()
            yield session
        finally:
            await session.close()


class _KafkaListening:
    def __init__(self, session: "KafkaSession", reader: MessageReader, *, skips_tombstones: bool) -> None:
        self._session = session
        self._reader = reader
        self._skips_tombstones = skips_tombstones

    async def take(self, appetite: Appetite, /) -> StreamBatch:
        given = await self._session.next(appetite)
        wanted = [one for one in given if one.payload is not None or not self._skips_tombstones]

        async def ack() -> None:
            if given:
                await self._session.acknowledge(given)

        return StreamBatch(records=[self._reader.read(_missive(one)) for one in wanted], ack=ack)


def _missive(given: "Given") -> Missive:
    return Missive(
        payload=given.payload or b"",
        headers=given.headers,
        key=given.key,
        position=f"{given.topic}/{given.partition}/{given.offset}",
        content_type=given.headers.get("content-type"),
        wrong="the message has no value: a tombstone, which `skip_tombstones` passes over"
        if given.payload is None
        else None,
    )
