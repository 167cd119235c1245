"""The role of a source that is asked: it gives what is new since a position, a part at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from xconnector.contract.lifecycle import Connector
from xconnector.domain.event import BadRecord, SourceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One part of what is new."""

    records: Sequence[SourceRecord | BadRecord] = field(repr=False)
    """In the source's order. Some may have been given before: what was taken with the same key and bytes is dropped."""
    position: str | None = field(repr=False)
    """From where to go on. It is kept in the transaction that takes the records in."""
    more: bool
    """Whether there is more to ask for at once."""


class PullSource(Connector, Protocol):
    """A source that is asked again and again. Asking has no effect outside and may be repeated."""

    async def pull(self, position: str | None, *, at_most: int, source: str, event_type: str) -> Pulled:
        """Return what comes behind a position; with None, from the beginning.

        A record that changed has another key than before, so that it is taken again; the same one given twice has the
        same key and the same bytes. `source` and `event_type` stand in each record.

        Args:
            position: as the last part named it.
            at_most: so many records, removed ones included.
            source: what the feed calls these records.
            event_type: of the feed.

        Raises:
            TransientError: it cannot be reached, or is busy.
            MisconfiguredError: the settings are wrong.
            PermanentError: nothing can be given behind this position; the message says what a person has to do.
        """
        ...
