"""A rehearsal: events one after the other, judged as in earnest, while nothing is handed over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from xconnector.domain.trigger.book import Ask, Book, Entry, Heard, Stand, WaitsFor
from xconnector.domain.trigger.judging import Begin, End, Judged, Wait, countered_by, judge
from xconnector.domain.trigger.rules import TriggerRules


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """What was asked for, and what follows by rules, by kind."""

    rules: Mapping[str, TriggerRules]
    now: datetime
    book: Book = field(default_factory=Book)
    fates: dict[UUID, list[Judged]] = field(default_factory=dict[UUID, list[Judged]])
    """By communication, everything that was said of it."""
    began: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])

    def ask(self, ask: Ask) -> Entry:
        """Ask for a communication now."""
        entry = self.book.ask(ask)
        self._judge([entry])
        return entry

    def hear(self, heard: Heard) -> None:
        """Hear an event now: it cancels what it can, and ends waits."""
        self.book.hear([heard])
        meant = [entry for entry in self.book.entries.values() if heard.key in entry.ask.keys.counters]
        for entry in meant:
            end = countered_by(self.book, entry, self.rules)
            if entry.stand in {Stand.UNDER_WAY, Stand.STOPPED} and end is not None:
                entry.stand, entry.gives_way = Stand.LEFT, True
                judged = Judged(entry=entry, verdict=end, is_new=False, waited_for=None)
                self.fates[entry.ask.communication_id].append(judged)
        self._judge([*meant, *self.book.children_of(heard)])
        self.give_turns()

    def pass_to(self, moment: datetime) -> None:
        """Let time pass, and judge what becomes due, in its order."""
        while (due := min(self._dues(), default=None)) is not None and due <= moment:
            self.now = max(due, self.now)
            self._judge([entry for entry in self.book.entries.values() if entry.stand is Stand.WAITING])
            self.give_turns()
        self.now = max(moment, self.now)

    def leave(self, entry: Entry) -> None:
        """Let a communication be handed over."""
        entry.stand = Stand.LEFT
        self.give_turns()

    def give_turns(self) -> None:
        """Judge what waits for its turn until nothing moves any more."""
        while waiting := [entry for entry in self.book.entries.values() if entry.waits_for is WaitsFor.TURN]:
            self._judge(waiting)
            if all(entry.waits_for is WaitsFor.TURN for entry in waiting):
                return

    def fate_of(self, communication_id: UUID) -> Begin | Wait | End:
        """Return what was said of a communication last."""
        return self.fates[communication_id][-1].verdict

    def _judge(self, entries: list[Entry]) -> None:
        for one in judge(self.book, entries, self.rules, self.now):
            key = one.entry.ask.communication_id
            self.fates.setdefault(key, []).append(one)
            if isinstance(one.verdict, Begin):
                self.began[key] = self.now

    def _dues(self) -> Iterator[datetime]:
        for entry in self.book.entries.values():
            verdict = self.fate_of(entry.ask.communication_id)
            if isinstance(verdict, Wait) and verdict.until is not None:
                yield verdict.until
