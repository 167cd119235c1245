"""What is known of asks when it is judged whether one begins: those with the same keys, and what was heard."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from xconnector.domain.trigger.keys import AskKeys


class WaitsFor(StrEnum):
    """For what an ask waits before it begins."""

    PARENT = "parent"
    """An event that is to come first."""
    START = "start"
    """Its time."""
    QUIET = "quiet"
    """That no further change comes."""
    TURN = "turn"
    """That those before it in its line have left."""


class Stand(StrEnum):
    """How far an ask has come, as those behind it in their line see it."""

    NEW = "new"
    """Nothing was said of it yet."""
    ACCEPTED = "accepted"
    """It repeats nothing, and is judged next."""
    WAITING = "waiting"
    UNDER_WAY = "under way"
    """Begun, and not handed over."""
    STOPPED = "stopped"
    """By an error; people look after it."""
    LEFT = "left"
    """Handed over, or not sent for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The source record that something came from, as people find it."""

    record_id: int
    source: str
    source_key: str

    def __str__(self) -> str:
        return f"record {self.source_key} of {self.source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An event that asks wait for or that cancels them."""

    key: UUID
    origin: Origin
    as_of: datetime
    """When it happened."""
    event: str
    """Its type."""
    member_key: str | None = None
    """Whom its record names; None where the key says nothing of a customer."""
    customer_key: str | None = None
    """The customer of whose key the key was made, to whom the member belonged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One record's wish for one communication."""

    communication_id: UUID
    kind: str
    origin: Origin
    as_of: datetime
    """When what it says was so."""
    asked_at: datetime
    """When it came."""
    keys: AskKeys
    begins_at: datetime | None = None
    """Not before that time; None begins at once."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """An ask and how far it has come."""

    ask: Ask
    stand: Stand
    waits_for: WaitsFor | None = None
    after: datetime | None = None
    """When the event happened that it had waited for: it comes after that in its line."""
    gives_way: bool = False
    """Whether it keeps nobody from asking for the same: another was first, or nothing left of it and nothing will."""

    @property
    def place(self) -> tuple[datetime, int, int]:
        """Where it stands in its line: by when it happened, and what had a parent behind that."""
        ask = self.ask
        if self.after is not None and self.after >= ask.as_of:
            return (self.after, 1, ask.origin.record_id)
        return (ask.as_of, 0, ask.origin.record_id)


_NO_ENTRIES: Sequence[Entry] = ()


def is_open(entry: Entry) -> bool:
    """Say whether it waits for further changes, or may begin to."""
    return entry.waits_for is WaitsFor.QUIET or entry.stand is Stand.ACCEPTED


@dataclass(slots=True)
class Book:
    """Entries and what was heard, by their keys. What is judged is written into it at once."""

    entries: dict[UUID, Entry] = field(default_factory=dict[UUID, Entry])
    """By communication."""
    _once: dict[UUID, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    _lines: dict[UUID, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    _groups: dict[UUID, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    _waiting: dict[UUID, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    """By the key of the event they wait for."""
    _heard: dict[UUID, list[Heard]] = field(default_factory=lambda: defaultdict(list))

    def write(self, entries: Iterable[Entry]) -> None:
        """Take in what is known already."""
        for entry in entries:
            self._index(entry)

    def hear(self, heard: Iterable[Heard]) -> None:
        """Take in events."""
        for one in heard:
            self._heard[one.key].append(one)

    def ask(self, ask: Ask) -> Entry:
        """Take in a new ask; one that is known already stays what it is."""
        known = self.entries.get(ask.communication_id)
        if known is not None:
            return known
        entry = Entry(ask=ask, stand=Stand.NEW)
        self._index(entry)
        return entry

    def _index(self, entry: Entry) -> None:
        keys = entry.ask.keys
        self.entries[entry.ask.communication_id] = entry
        for index, key in (
            (self._once, keys.once),
            (self._lines, keys.order),
            (self._groups, keys.collapse),
            (self._waiting, keys.parent),
        ):
            if key is not None:
                index[key].append(entry)

    def first_of(self, entry: Entry, within: timedelta | None) -> Entry | None:
        """Return the ask that made a communication for the same, if there is another."""
        key, at = entry.ask.keys.once, entry.ask.as_of
        for other in _NO_ENTRIES if key is None else self._once[key]:
            if other is entry or other.gives_way or other.stand is Stand.NEW:
                continue
            if within is None or abs(other.ask.as_of - at) < within:
                return other
        return None

    def counters_of(self, ask: Ask) -> Iterator[Heard]:
        """Yield the events that were heard and may cancel an ask."""
        for key in ask.keys.counters:
            yield from self._heard[key]

    def parent_of(self, ask: Ask) -> Heard | None:
        """Return the earliest of the events an ask waits for that was heard."""
        heard = [] if ask.keys.parent is None else self._heard[ask.keys.parent]
        return min(heard, key=lambda one: (one.as_of, one.origin.record_id), default=None)

    def children_of(self, heard: Heard) -> list[Entry]:
        """Return what waits for an event."""
        return [entry for entry in self._waiting[heard.key] if entry.waits_for is WaitsFor.PARENT]

    def group_of(self, entry: Entry) -> list[Entry]:
        """Return what waits with an ask to become one communication, the ask included."""
        key = entry.ask.keys.collapse
        others = _NO_ENTRIES if key is None else self._groups[key]
        return [other for other in others if other is entry or is_open(other)]

    def line_of(self, entry: Entry) -> list[Entry]:
        """Return what stands in the line of an ask, without itself."""
        key = entry.ask.keys.order
        return [other for other in (_NO_ENTRIES if key is None else self._lines[key]) if other is not entry]
