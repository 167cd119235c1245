"""The role of a stream source: a broker that gives us messages, each ours only once it is acknowledged."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from xconnector.contract.lifecycle import Connector
from xconnector.domain.event import BadRecord, SourceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Appetite:
    """How much is taken at once."""

    most: int = 500
    """Messages."""
    most_bytes: int = 16_777_216
    """Of their payloads; what is above by one message is taken too."""
    within: timedelta = timedelta(milliseconds=100)
    """How long after the first message others may join it."""
    patience: timedelta = timedelta(seconds=1)
    """How long to wait for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBatch:
    """Messages that a broker gave, in its order; it may give them again until they are acknowledged."""

    records: Sequence[SourceRecord | BadRecord] = field(repr=False)
    """One a message; none where none came in time, or none that says anything."""
    ack: Callable[[], Awaitable[None]]
    """Tell the broker that all of them are ours, also where there are none. Raises TransientError where it did not hear
    it."""


class Listening(Protocol):
    """One listener's turn at a broker."""

    async def take(self, appetite: Appetite, /) -> StreamBatch:
        """Return the messages that come next. The batch before must be acknowledged by then.

        Raises TransientError when the broker is gone, MisconfiguredError when it refuses us.
        """
        ...


class StreamSource(Connector, Protocol):
    """Reads a topic, queue or stream; several listeners, in any number of processes, share what there is."""

    def listening(self, *, source: str, event_type: str) -> AbstractAsyncContextManager[Listening]:
        """Listen for the length of the block; what was taken in it and not acknowledged is given back at its end.

        `source` and `event_type` are what the feed calls these records; a CloudEvent has its own. A message that
        cannot be read is a BadRecord with its bytes, and is acknowledged like any other: it never holds up the rest.

        Raises TransientError or MisconfiguredError on entering, the latter with the remedy where topic, queue or stream
        are not there.
        """
        ...
