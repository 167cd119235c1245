"""Why a golden value is what it is: who gave it, by which row, and why what the others give is not golden."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from xconnector.domain.comparable import comparable_values
from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord, Provenance
from xconnector.domain.customer_statements import latest_of, statements_of
from xconnector.domain.golden import Survivorship, candidates_of
from xconnector.domain.override import OVERRIDE, OverrideEvent, overrides_at
from xconnector.domain.survivorship import ADDRESS, Candidate, Chooser, Rule, completeness, said_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Loser:
    """What a source gives, or gave, of a field, and is not golden."""

    source: str
    member: str
    """Of whom the source says so."""
    as_of: datetime
    verified: bool
    value: Any = field(repr=False)
    """None where the source took it back."""
    reason: str
    source_row: str = ""
    """The row of the source's table that says so; empty where it speaks without rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedValue:
    """A field of the golden record, explained."""

    name: str
    together_with: tuple[str, ...]
    """The fields that stand or fall together with it."""
    value: Any = field(repr=False)
    """None where there is no golden value; of the address, its parts."""
    origin: Provenance | None
    """None where there is no golden value, and nobody says that there shall be none."""
    rule: Rule
    row: str
    """The row of the table; empty where no row speaks of the field."""
    override: OverrideEvent | None
    losers: Sequence[Loser]
    """By the names of the sources."""
    reason: str
    """Why it is golden, or why nothing is, as one sentence without its value."""


def explain(
    rules: Survivorship,
    name: str,
    records: Sequence[CustomerRecord],
    overrides: Sequence[OverrideEvent] = (),
    *,
    at: datetime,
) -> ExplainedValue:
    """Explain one field of a customer's golden record as of a time, or `address` as a whole.

    The golden value is that of `rules.golden`; records and overrides are in the order in which that wants them.
    Days are told in the time zone of `at`.
    """
    chooser = rules.chooser_of(POSTAL_FIELDS[0] if name == ADDRESS else name)
    candidates = candidates_of(chooser, statements_of(records))
    override = overrides_at(overrides, at).get(ADDRESS if name in POSTAL_FIELDS else name)
    contest = _Contest(name, chooser, candidates, chooser.choose(candidates, at), override, at)
    return ExplainedValue(
        name=name,
        together_with=contest.together_with,
        value=contest.value,
        origin=contest.origin,
        rule=chooser.row.rule,
        row=chooser.row.row,
        override=override,
        losers=sorted(
            [*contest.losers(), *_taken_back(records, name, at)], key=attrgetter("source", "member", "source_row")
        ),
        reason=contest.reason,
    )


class _Contest:
    """One field, all that is said of it, and what came of that."""

    def __init__(
        self,
        name: str,
        chooser: Chooser,
        candidates: Sequence[Candidate],
        winner: Candidate | None,
        override: OverrideEvent | None,
        at: datetime,
    ) -> None:
        self._name = name
        self._chooser = chooser
        self._candidates = candidates
        self._winner = winner
        self._override = override
        self._at = at
        self._fitting = [one for one in candidates if chooser.why_not(one, at) is None]
        self._weigh = chooser.weighed(self._fitting)

    @property
    def together_with(self) -> tuple[str, ...]:
        return tuple(one for one in self._chooser.row.fields if one != self._name) if self._stands_together else ()

    @property
    def _stands_together(self) -> bool:
        return len(self._chooser.row.fields) > 1

    @property
    def value(self) -> object:
        if self._override is None:
            return None if self._winner is None else self._part(self._winner.values)
        if self._override.name == ADDRESS and self._override.value is not None:
            return self._part(self._override.value)
        return self._override.value

    def _part(self, values: Mapping[str, Any]) -> object:
        return dict(values) if self._name == ADDRESS else values.get(self._name)

    @property
    def origin(self) -> Provenance | None:
        if self._override is not None:
            return Provenance(source=OVERRIDE, as_of=self._override.since, verified=True, row=OVERRIDE)
        winner = self._winner
        if winner is None or self.value is None:
            return None
        is_whole = self._name == ADDRESS
        return Provenance(
            source=winner.source,
            as_of=winner.as_of if is_whole else winner.when(self._name),
            verified=winner.verified if is_whole else self._name in winner.vouched,
            row=self._chooser.row.row,
        )

    @property
    def reason(self) -> str:
        if self._override is not None:
            return f"{_overriding(self._override, self._at)}: {self._override.reason}"
        if self._winner is None:
            return self._why_nothing()
        origin = self.origin
        if origin is None:
            return f"{self._winner.source} gives the fields that stand together with it, and leaves it empty"
        vouched = ", and vouches for it" if origin.verified else ""
        day, last = _day(origin.as_of, self._at), _day(self._winner.last_heard, self._at)
        again = f" and again on {last}" if last > day else ""
        row = f", in its row {self._winner.source_row}," if self._winner.source_row else ""
        return f"{origin.source}{row} said so on {day}{again}{vouched}; {self._chosen()}"

    def _why_nothing(self) -> str:
        if not self._candidates:
            return "no source says anything of it"
        return f"no value that is given may count by row {self._chooser.row.row!r}"

    def _chosen(self) -> str:
        if len(self._candidates) == 1:
            return "no other source says anything of it"
        row = self._chooser.row
        if not row.row:
            return "no row of the table speaks of it, so the most recent value counts"
        return f"row {row.row!r} of the table chooses by the rule {row.rule.value!r}"

    def losers(self) -> Iterator[Loser]:
        for one in self._candidates:
            if (one is not self._winner or self._override is not None) and self._part(one.values) is not None:
                yield Loser(
                    source=one.source,
                    member=one.member,
                    as_of=one.as_of if self._name == ADDRESS else one.when(self._name),
                    verified=one.verified if self._name == ADDRESS else self._name in one.vouched,
                    value=self._part(one.values),
                    reason=self._why_not(one),
                    source_row=one.source_row,
                )

    def _why_not(self, loser: Candidate) -> str:
        unfit = self._chooser.why_not(loser, self._at)
        if unfit is not None or self._winner is None:
            return unfit or ""
        if loser is self._winner and self._override is not None:
            return f"overridden: {_overriding(self._override, self._at)}"
        same = comparable_values(loser.values) == comparable_values(self._winner.values)
        return ("says the same; " if same else "") + self._why_less(loser, self._winner)

    def _why_less(self, loser: Candidate, winner: Candidate) -> str:
        if self._weigh(loser) < self._weigh(winner):
            return _less(self._chooser.row.rule, loser, winner, self._fitting)
        if loser.as_of < winner.as_of:
            return f"older: {_day_apart(loser.as_of, winner.as_of, self._at)} of {loser.source}"
        if (loser.source, loser.member) == (winner.source, winner.member):
            return f"of the same moment, and row {winner.source_row} of {winner.source} comes first by name"
        return f"of the same moment, and {winner.source} of {winner.member} comes first by name"


def _taken_back(records: Sequence[CustomerRecord], name: str, at: datetime) -> Iterator[Loser]:
    """Yield where a source took back what it said of a field, or deleted the customer."""
    by_source: dict[tuple[str, str], list[CustomerRecord]] = {}
    for record in records:
        by_source.setdefault((record.source, record.customer_key), []).append(record)
    for said in by_source.values():
        for record in latest_of(said):
            has_deleted = record.replaces_all and not record.fields
            if has_deleted or (name in record.fields and record.fields[name] is None):
                day = _day(record.as_of, at)
                yield Loser(
                    source=record.source,
                    member=record.customer_key,
                    as_of=record.as_of,
                    verified=False,
                    value=None,
                    reason=_why_gone(record, day) if has_deleted else f"the source took it back on {day}",
                    source_row=record.source_row,
                )


def _why_gone(record: CustomerRecord, day: str) -> str:
    # Whether a row was deleted or came to speak of somebody else is not kept.
    return (
        f"its row is gone, or another customer's, since {day}"
        if record.source_row
        else f"the source deleted the customer on {day}"
    )


def _overriding(override: OverrideEvent, at: datetime) -> str:
    # The last moment on which it holds: somebody who says "until Friday" means Friday's midnight.
    end = "" if override.until is None else f" until {_day(override.until - timedelta(microseconds=1), at)}"
    return f"{override.by} said otherwise on {_day(override.since, at)}{end}"


def _day(moment: datetime, at: datetime) -> str:
    return f"{moment.astimezone(at.tzinfo):%Y-%m-%d}"


def _day_apart(moment: datetime, other: datetime, at: datetime) -> str:
    """Return a day, and the time where it is the day of the other moment."""
    if _day(moment, at) != _day(other, at):
        return _day(moment, at)
    return f"{moment.astimezone(at.tzinfo):%Y-%m-%d %H:%M:%S}"


def _less(rule: Rule, loser: Candidate, winner: Candidate, fitting: Sequence[Candidate]) -> str:
    """Return why what weighs less by a rule is not chosen."""
    match rule:
        case Rule.SOURCE_ORDER:
            return "source comes later in the order"
        case Rule.MOST_RECENT_VERIFIED:
            return "not verified"
        case Rule.MOST_COMPLETE if completeness(loser)[0] < completeness(winner)[0]:
            return f"less complete: {completeness(loser)[0]} fields, the golden one {completeness(winner)[0]}"
        case Rule.AGREED:
            return f"sources that say so: {said_by(loser, fitting)}, of the golden value {said_by(winner, fitting)}"
        case Rule.MOST_COMPLETE | Rule.MOST_RECENT:
            return "less complete"
