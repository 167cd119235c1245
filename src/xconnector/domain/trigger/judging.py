"""Judging asks: begin, wait, or end without a communication that is sent; always with the reason, told to people."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from xconnector.domain.trigger.book import Book, Entry, Heard, Origin, Stand, WaitsFor, is_open
from xconnector.domain.trigger.rules import NO_RULES, Collapse, OnFailure, Otherwise, Parent, TriggerRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """It is made now."""

    without: str | None = None
    """What it waited for in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """It is made later."""

    waits_for: WaitsFor
    until: datetime | None
    """When it is judged again; None where only something else can end the wait."""
    because: str
    without: str | None = None
    """What it waited for in vain before."""


class Ending(StrEnum):
    """How an ask ends of which nothing is made."""

    REPEATED = "already asked for"
    TAKEN_IN = "taken in"
    DROPPED = "dropped"
    COUNTERED = "countered"
    MISSED = "missed"
    """What it waited for did not come; people look after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Nothing is made of it."""

    ending: Ending
    because: str
    by: Origin | None = None
    """The record that is the reason."""
    countered_by: Heard | None = None
    """The event that cancels it."""
    into: UUID | None = None
    """The communication that takes it in."""


_NOTHING_LEAVES = frozenset({Ending.REPEATED, Ending.DROPPED, Ending.COUNTERED})

Verdict: TypeAlias = Begin | Wait | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An ask and what follows."""

    entry: Entry
    verdict: Verdict
    is_new: bool
    """Whether nothing was said of it before."""
    waited_for: WaitsFor | None
    """For what it waited before."""

    @property
    def waits_on(self) -> bool:
        """Whether it waits for the same as before."""
        return isinstance(self.verdict, Wait) and self.verdict.waits_for is self.waited_for


def judge(book: Book, entries: Iterable[Entry], rules: Mapping[str, TriggerRules], now: datetime) -> list[Judged]:
    """Judge entries of a book, each once and in the order in which they happened, and write into it what follows.

    What waits with one of them to become one communication is judged with it when it is time. `rules` are those of
    today, by kind; what a kind says no more counts no more.
    """
    given = sorted({entry.ask.communication_id: entry for entry in entries}.values(), key=lambda one: one.place)
    # What repeats another, or is cancelled already, stands in nobody's way.
    judged = [
        one
        for entry in given
        if entry.stand is Stand.NEW and (one := _stopped(book, entry, _rules_of(entry, rules))) is not None
    ]
    closing = _closing(book, given, rules, now)
    for entry in sorted(_with_groups(book, given, closing), key=lambda one: one.place):
        if entry.stand not in {Stand.ACCEPTED, Stand.WAITING}:
            continue
        is_new, waited_for = entry.stand is Stand.ACCEPTED, entry.waits_for
        verdict = _verdict(book, entry, _rules_of(entry, rules), _Moment(now=now, closing=closing))
        _follow(entry, verdict)
        judged.append(Judged(entry=entry, verdict=verdict, is_new=is_new, waited_for=waited_for))
    return judged


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """When it is judged."""

    now: datetime
    closing: Collection[UUID]
    """Keys of groups for which it is quiet now."""


def _stopped(book: Book, entry: Entry, rules: TriggerRules) -> Judged | None:
    """Return why nothing is made of a new ask; None where it is accepted."""
    end = _repeated(book, entry, rules) or _countered(book, entry, rules)
    if end is None:
        entry.stand = Stand.ACCEPTED
        return None
    _follow(entry, end)
    return Judged(entry=entry, verdict=end, is_new=True, waited_for=None)


def _closing(book: Book, given: Iterable[Entry], rules: Mapping[str, TriggerRules], now: datetime) -> Collection[UUID]:
    """Return the keys of groups that wait no longer."""
    found: set[UUID] = set()
    for entry in given:
        rule, key = _rules_of(entry, rules).collapse, entry.ask.keys.collapse
        if rule is None or key is None or key in found or not is_open(entry):
            continue
        if _quiet_from(book.group_of(entry), rule) <= now:
            found.add(key)
    return found


def _with_groups(book: Book, given: Iterable[Entry], closing: Collection[UUID]) -> Iterator[Entry]:
    seen: set[UUID] = set()
    for entry in given:
        for one in book.group_of(entry) if entry.ask.keys.collapse in closing and is_open(entry) else (entry,):
            if one.ask.communication_id not in seen:
                seen.add(one.ask.communication_id)
                yield one


def _rules_of(entry: Entry, rules: Mapping[str, TriggerRules]) -> TriggerRules:
    return rules.get(entry.ask.kind, NO_RULES)


def _follow(entry: Entry, verdict: Verdict) -> None:
    entry.waits_for = verdict.waits_for if isinstance(verdict, Wait) else None
    if isinstance(verdict, Begin):
        entry.stand = Stand.UNDER_WAY
    elif isinstance(verdict, Wait):
        entry.stand = Stand.WAITING
    else:
        entry.stand = Stand.STOPPED if verdict.ending is Ending.MISSED else Stand.LEFT
        entry.gives_way = verdict.ending in _NOTHING_LEAVES


def _verdict(book: Book, entry: Entry, rules: TriggerRules, moment: _Moment) -> Verdict:
    """Ask one rule after the other; the first that does not let it go on decides."""
    countered = _countered(book, entry, rules)
    if countered is not None:
        return countered
    without: str | None = None
    if rules.parent is not None and entry.waits_for in {None, WaitsFor.PARENT}:
        missing = _without_parent(book, entry, rules.parent, moment.now)
        if isinstance(missing, Wait | End):
            return missing
        without = missing
    verdict = _start(entry, rules, moment.now) or _quiet(book, entry, rules, moment) or _turn(book, entry, rules)
    return verdict if without is None or isinstance(verdict, End) else replace(verdict, without=without)


# ---------------------------------------------------------------- once


def _repeated(book: Book, entry: Entry, rules: TriggerRules) -> End | None:
    if rules.once is None:
        return None
    first = book.first_of(entry, rules.once.within)
    if first is None:
        return None
    origin = first.ask.origin
    return End(ending=Ending.REPEATED, because=f"already asked for by {origin}", by=origin)


# ---------------------------------------------------------------- counter-events


def counts_against(counter: Heard, as_of: datetime, within: timedelta) -> bool:
    """Say whether a counter-event cancels what happened at a time."""
    return counter.as_of >= as_of - within


def countered_by(book: Book, entry: Entry, rules: Mapping[str, TriggerRules]) -> End | None:
    """Return why an ask is cancelled by what was heard; None where it is not."""
    return _countered(book, entry, _rules_of(entry, rules))


def _countered(book: Book, entry: Entry, rules: TriggerRules) -> End | None:
    within = max((counter.within for counter in rules.counters), default=None)
    if within is None:
        return None
    for heard in book.counters_of(entry.ask):
        if counts_against(heard, entry.ask.as_of, within):
            because = f"cancelled by {heard.origin} ({heard.event}, {told(heard.as_of)}), before it began"
            return End(ending=Ending.COUNTERED, because=because, by=heard.origin, countered_by=heard)
    return None


# ---------------------------------------------------------------- the parent


def _without_parent(book: Book, entry: Entry, rule: Parent, now: datetime) -> Wait | End | str | None:
    """Return what follows where its parent is missing; None where it was heard, text where it goes on without."""
    heard = book.parent_of(entry.ask)
    if heard is not None:
        entry.after = heard.as_of
        return None
    event, until = rule.listening.event, entry.ask.asked_at + rule.within
    if now < until:
        return Wait(waits_for=WaitsFor.PARENT, until=until, because=f"no {event} came yet that it belongs to")
    missed = f"no {event} came that it belongs to, until {told(until)}"
    if rule.otherwise is Otherwise.SEND:
        return missed
    return End(ending=Ending.MISSED if rule.otherwise is Otherwise.FAIL else Ending.DROPPED, because=missed)


# ---------------------------------------------------------------- time


def _start(entry: Entry, rules: TriggerRules, now: datetime) -> Wait | None:
    begins_at = entry.ask.begins_at
    if rules.start is None or begins_at is None or begins_at <= now:
        return None
    return Wait(waits_for=WaitsFor.START, until=begins_at, because="its start is deferred")


def _quiet(book: Book, entry: Entry, rules: TriggerRules, moment: _Moment) -> Wait | End | None:
    """Let changes that come shortly after one another wait together; the latest goes on when it is quiet."""
    rule, key = rules.collapse, entry.ask.keys.collapse
    if rule is None or key is None or entry.waits_for is WaitsFor.TURN:
        return None
    group = book.group_of(entry)
    if key not in moment.closing:
        until = _quiet_from(group, rule)
        return Wait(waits_for=WaitsFor.QUIET, until=until, because="further changes may come")
    latest = max(
        (other for other in group if other is entry or _countered(book, other, rules) is None),
        key=lambda other: other.place,
    )
    if latest is entry:
        return None
    origin = latest.ask.origin
    because = f"became one communication with {origin}"
    return End(ending=Ending.TAKEN_IN, because=because, by=origin, into=latest.ask.communication_id)


def _quiet_from(group: Sequence[Entry], rule: Collapse) -> datetime:
    """Return when a group has been quiet for long enough, or its first has waited for long enough."""
    came = [entry.ask.asked_at for entry in group]
    return min(max(came) + rule.window, min(came) + rule.longest)


# ---------------------------------------------------------------- the line


def _turn(book: Book, entry: Entry, rules: TriggerRules) -> Begin | Wait:
    if rules.order is None:
        return Begin()
    holds = rules.order.on_failure is OnFailure.HOLD
    ahead = [other for other in book.line_of(entry) if _is_ahead(other, entry, holds=holds)]
    if not ahead:
        return Begin()
    first = min(ahead, key=lambda other: other.place)
    said = "was stopped and is looked after by people" if first.stand is Stand.STOPPED else "has not left"
    because = f"{first.ask.kind} of {first.ask.origin} is before it in its line and {said}"
    return Wait(waits_for=WaitsFor.TURN, until=None, because=because)


def _is_ahead(other: Entry, entry: Entry, *, holds: bool) -> bool:
    """Say whether another must leave first: it is under way, or its turn comes earlier.

    What waits for its start or its parent holds nobody up: that was wished, or it has no place yet.
    """
    if other.stand is Stand.WAITING:
        return other.waits_for in {WaitsFor.QUIET, WaitsFor.TURN} and other.place < entry.place
    return other.stand is Stand.UNDER_WAY or (other.stand is Stand.STOPPED and holds)


def told(moment: datetime) -> str:
    """Write a moment as ledgers do."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
