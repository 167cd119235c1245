"""A stream source in this process: gives what it is told to give, and remembers what was acknowledged."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

from xconnector.contract.stream_source import Appetite, Listening, StreamBatch
from xconnector.domain.event import BadRecord, SourceRecord

Records = Sequence[SourceRecord | BadRecord]


@dataclass(slots=True)
class ScriptedBroker:
    batches: list[Records]
    """Still to be given, unless they are acknowledged."""
    acknowledged: list[Records] = field(default_factory=list[Records])
    errors: list[Exception] = field(default_factory=list[Exception])
    """Raised one at a time before anything is given."""
    turns: int = 0
    """How often somebody began to listen."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def check(self) -> None:
        return None

    @asynccontextmanager
    async def listening(self, *, source: str, event_type: str) -> AsyncGenerator[Listening]:
        assert (source, event_type) == ("notice_stream", "com.small.notice"), "that is what the feed calls them"
        self.turns += 1
        yield self

    async def take(self, _appetite: Appetite, /) -> StreamBatch:
        if self.errors:
            raise self.errors.pop(0)
        records = self.batches[0] if self.batches else ()

        async def ack() -> None:
            if records:
                self.acknowledged.append(self.batches.pop(0))

        return StreamBatch(records=records, ack=ack)
