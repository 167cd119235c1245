"""Rehearses the events of a project's test: which communications begin when, and which are not made."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from uuid import UUID
from zoneinfo import ZoneInfo

from xconnector.domain.trigger.book import Ask, Heard, Origin
from xconnector.domain.trigger.judging import End, Ending
from xconnector.domain.trigger.keys import Fields, key_heard, keys_of
from xconnector.domain.trigger.rehearsal import Rehearsal
from xconnector.domain.trigger.rules import TriggerRules
from xconnector.project.expectation_file import FurtherEventShape, GivenShape
from xconnector.project.mapping import Mapped
from xconnector.project.model import Project
from xconnector.project.presentation import day_of
from xconnector.project.trigger import asked_for, listened_for, start_of

NOON = time(12)
LONG_ENOUGH = timedelta(days=3660)
"""After the last event: whatever waits for a time has begun by then."""
_SOURCE = "the test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one communication that the event of a test asks for."""

    begins: datetime | None = None
    """On the project's clock; None where it begins at once, or never."""
    ends: str | None = None
    """Why it is not made; None where it is."""
    fails: str | None = None
    """Why people have to look at it before it is made."""


def mapped_by_feed(project: Project, event: GivenShape | FurtherEventShape, *, on: date) -> Mapped | None:
    """Return an event of a test in our words, by the mapping of a day; None where no feed takes such events.

    Raises MappingError.
    """
    feed = project.feeds[event.feed] if event.feed else project.feed_of(event.event)
    return None if feed is None else project.mappings[feed.mapping].on(on).apply(event.data)


def fates_of(project: Project, given: GivenShape) -> Mapping[str, Fate]:
    """Return by its name what becomes of each communication for which the event of a test asks.

    Raises MappingError, ConditionError or StartError as the main path would.
    """
    zone = ZoneInfo(project.locale.timezone)
    moment = datetime.combine(given.on, NOON, zone).astimezone(UTC)
    first = moment - max((one.apart for one in given.before), default=timedelta())
    stage = _Stage(project=project, play=Rehearsal(rules=_rules(project), now=first))
    for one in sorted(given.before, key=lambda one: -one.apart):
        stage.happen(one, moment - one.apart)
    asked = stage.happen(given, moment)
    for one in sorted(given.after, key=lambda one: one.apart):
        stage.happen(one, moment + one.apart)
    stage.play.pass_to(stage.play.now + LONG_ENOUGH)
    return {name: stage.fate(key, moment, zone) for name, key in asked.items()}


def _rules(project: Project) -> Mapping[str, TriggerRules]:
    return {name: kind.rules for name, kind in project.communications.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Where the events of a test happen."""

    project: Project
    play: Rehearsal
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def happen(self, event: GivenShape | FurtherEventShape, moment: datetime) -> Mapping[str, UUID]:
        """Let an event happen and come at a moment; returns the communications it asks for, by name."""
        self.play.pass_to(moment)
        mapped = mapped_by_feed(self.project, event, on=day_of(moment, self.project.locale.timezone))
        if mapped is None:
            return {}
        number = next(self.numbers)
        origin = Origin(record_id=number, source=_SOURCE, source_key=str(number))
        fields = Fields(data=mapped.data, customer_key=mapped.customer_key)
        for heard in self._heard(event.event, fields, origin, moment):
            self.play.hear(heard)
        asked: dict[str, UUID] = {}
        for kind in asked_for(self.project, event.event, mapped.data):
            asked[kind.name] = UUID(int=(number << 32) + len(asked))
            ask = Ask(
                communication_id=asked[kind.name],
                kind=kind.name,
                origin=origin,
                as_of=moment,
                asked_at=moment,
                keys=keys_of(kind.name, kind.rules, fields),
                begins_at=start_of(kind, moment, mapped.data),
            )
            self.play.ask(ask)
        return asked

    def _heard(self, event: str, fields: Fields, origin: Origin, moment: datetime) -> Iterable[Heard]:
        for one in listened_for(self.project).get(event, ()):
            key = key_heard(one, fields)
            if key is not None:
                yield Heard(key=key, origin=origin, as_of=moment, event=event)

    def fate(self, communication_id: UUID, asked_at: datetime, zone: ZoneInfo) -> Fate:
        """Return what became of a communication in the end."""
        verdict = self.play.fate_of(communication_id)
        if isinstance(verdict, End):
            is_missed = verdict.ending is Ending.MISSED
            return Fate(fails=verdict.because) if is_missed else Fate(ends=verdict.because)
        began = self.play.began.get(communication_id)
        return Fate(begins=None if began is None or began <= asked_at else began.astimezone(zone))
