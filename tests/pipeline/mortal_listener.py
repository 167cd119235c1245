"""A listener as a program of its own that kills itself when it is about to acknowledge.

`python -m tests.pipeline.mortal_listener PROJECT DATABASE BATCHES` lives for so many batches.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from tests.office import open_place
from xconnector.contract.stream_source import Appetite, Listening, StreamBatch, StreamSource
from xconnector.execution.shift import Shift
from xconnector.pipeline.listen import Bounds, listen

BROKER, FEED = "broker", "notice_stream"
BITES = Bounds(appetite=Appetite(most=20))


@dataclass(slots=True)
class MortalSource:
    """Passes everything on, and dies between the write and the acknowledgement."""

    source: StreamSource
    batches: int

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def check(self) -> None:
        await self.source.check()

    @asynccontextmanager
    async def listening(self, *, source: str, event_type: str) -> AsyncGenerator[Listening]:
        async with self.source.listening(source=source, event_type=event_type) as listening:
            yield _MortalListening(listening, self)

    async def acknowledge(self, batch: StreamBatch) -> None:
        if batch.records:
            self.batches -= 1
        if self.batches < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        await batch.ack()


@dataclass(slots=True)
class _MortalListening:
    listening: Listening
    owner: MortalSource

    async def take(self, appetite: Appetite, /) -> StreamBatch:
        batch = await self.listening.take(appetite)
        return replace(batch, ack=lambda: self.owner.acknowledge(batch))


async def live(folder: Path, database: str, batches: int) -> None:
    async with open_place(folder, database, 1) as opened:
        source = await opened.connections.stream_source(BROKER)
        mortal = {BROKER: MortalSource(source, batches)}
        async with open_place(folder, database, 1, already_open=mortal) as place:
            shift = Shift(FEED, pool=place.pool, ending=asyncio.Event())
            await listen(place, place.project.feeds[FEED], shift, bounds=BITES)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
