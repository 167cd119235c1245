"""Survivorship: which of the values that sources give of a customer's field is the golden one, row by row.

A row of the project's table speaks of one field, of several that stand or fall together, or of all others. First it
says which values may count at all: of which sources, how old, whether somebody must vouch for them. Its rule chooses
among those. What the rule leaves open goes to the more recent value, then to the source whose name sorts first, so that
the order of arrival never matters.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, cast

from xconnector.domain.comparable import comparable_values

ADDRESS = "address"
"""The postal address as a whole."""
OTHERS = "*"
"""All fields, or all sources, that are not named."""


class Rule(StrEnum):
    """How a row chooses among the values that count."""

    SOURCE_ORDER = "source order"
    """That of the source which stands first among the row's."""
    MOST_RECENT = "most recent"
    MOST_RECENT_VERIFIED = "most recent verified"
    """The most recent of those that a source vouches for, or else of all."""
    MOST_COMPLETE = "most complete"
    """Of fields that stand together, that with the most of them; of one field the longest."""
    AGREED = "agreed by most"
    """What the most sources say, however they write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivorshipRow:
    """One row of the table."""

    row: str
    """What the row is called: its cell of fields."""
    fields: tuple[str, ...]
    """Those that stand or fall together; only OTHERS where it speaks of each that no row names."""
    rule: Rule = Rule.MOST_RECENT
    sources: tuple[str, ...] = ()
    """Those that may say it, first the best; OTHERS stands for all that are not named. Empty where all may."""
    max_age: timedelta | None = None
    must_be_verified: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it chooses the most recent value of any source."""
        return self.rule is Rule.MOST_RECENT and not self.sources and not self.max_age and not self.must_be_verified


class Candidate(NamedTuple):
    """What one source gives of the fields of a row, which could become golden."""

    as_of: datetime
    """When it last spoke of one of them."""
    source: str
    member: str
    """Of whom it said so: a customer can have several keys."""
    vouched: frozenset[str]
    """Names of fields for which the source vouches."""
    values: Mapping[str, Any]
    spoken: Mapping[str, datetime] | None = None
    """When it said each; None where all are of one moment."""
    heard_again: datetime | None = None
    """When it said the same once more."""
    source_row: str = ""
    """The row of the source's table that said so; empty where it speaks without rows."""

    def __repr__(self) -> str:
        """Tell no content."""
        return f"Candidate({self.source}, {self.as_of})"

    @property
    def speaker(self) -> tuple[str, str, str]:
        """Source, member and row: what one of them says later joins what it said before."""
        return self.source, self.member, self.source_row

    @property
    def verified(self) -> bool:
        """Whether the source vouches for each value."""
        return self.vouched.issuperset(self.values)

    @property
    def last_heard(self) -> datetime:
        """Return when the source last said so, changed or not."""
        return self.as_of if self.heard_again is None else max(self.as_of, self.heard_again)

    def when(self, name: str) -> datetime:
        """Return when the source said a field."""
        return self.as_of if self.spoken is None else self.spoken[name]

    def joined(self, later: "Candidate") -> "Candidate":
        """Return this and what the same source said later, in the same of its rows, of other fields of this one."""
        spoken = {name: one.when(name) for one in (self, later) for name in one.values}
        vouched = (self.vouched & self.values.keys()) | (later.vouched & later.values.keys())
        values = {**self.values, **later.values}
        return Candidate(
            later.as_of, self.source, self.member, vouched, values, spoken, later.heard_again, self.source_row
        )


Weigh = Callable[[Candidate], Any]
"""What a rule goes by: the larger, the better."""


class Chooser:
    """A row, compiled: chooses among candidates, and says why the others are not chosen."""

    def __init__(self, row: SurvivorshipRow) -> None:
        self.row = row
        self._ranks = {source: -at for at, source in enumerate(row.sources)}
        self._rank_of_others = self._ranks.get(OTHERS)
        self._weighing = _WEIGHING[row.rule]
        self._has_limits = bool(row.max_age or row.must_be_verified or (row.sources and OTHERS not in self._ranks))

    def choose(self, candidates: Sequence[Candidate], at: datetime) -> Candidate | None:
        """Return the golden one at a time, or None where none may count.

        Candidates stand by the names of sources, members and rows.
        """
        if self._has_limits:
            candidates = [candidate for candidate in candidates if self.why_not(candidate, at) is None]
        if len(candidates) < 2:  # noqa: PLR2004 - of one there is no choice
            return candidates[0] if candidates else None
        weigh = self.weighed(candidates)
        return max(candidates, key=lambda candidate: (weigh(candidate), candidate.as_of))

    def why_not(self, candidate: Candidate, at: datetime) -> str | None:
        """Return why a candidate may not count at a time, or None where it may."""
        row = self.row
        if row.sources and candidate.source not in self._ranks and self._rank_of_others is None:
            return f"{candidate.source} is not among the sources of this field"
        if row.must_be_verified and not candidate.verified:
            return "not verified"
        if row.max_age is not None and at - candidate.last_heard > row.max_age:
            return f"stale: older than {told_age(row.max_age)}"
        return None

    def weighed(self, candidates: Sequence[Candidate]) -> Weigh:
        """Return what the rule goes by among these candidates, which all may count."""
        return self._weighing(self, candidates)

    def rank(self, candidate: Candidate) -> int:
        """Return the place of the candidate's source in the row's order: the higher, the better."""
        rank = self._ranks.get(candidate.source, self._rank_of_others)
        return -len(self._ranks) if rank is None else rank


def told_age(age: timedelta) -> str:
    """Return an age as the table writes it."""
    hours = age // timedelta(hours=1)
    number, unit = (hours, "hour") if hours % 24 else (age.days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def said_by(candidate: Candidate, candidates: Sequence[Candidate]) -> int:
    """Return how many sources of the candidates say the same."""
    same = comparable_values(candidate.values)
    return len({one.source for one in candidates if comparable_values(one.values) == same})


def completeness(candidate: Candidate) -> tuple[int, int]:
    """Return how many fields a candidate gives and, where it is one, how much of it."""
    values = [*candidate.values.values()]
    return len(values), _extent(values[0]) if len(values) == 1 else 0


def _extent(value: object) -> int:
    if isinstance(value, str):
        return len(" ".join(value.split()))
    return len(cast("Sequence[object]", value)) if isinstance(value, list | dict) else 1


def _agreed(_chooser: Chooser, candidates: Sequence[Candidate]) -> Weigh:
    same = {id(candidate): comparable_values(candidate.values) for candidate in candidates}
    votes = Counter(said for said, _ in {(same[id(candidate)], candidate.source) for candidate in candidates})
    return lambda candidate: votes[same[id(candidate)]]


_WEIGHING: Mapping[Rule, Callable[[Chooser, Sequence[Candidate]], Weigh]] = {
    Rule.SOURCE_ORDER: lambda chooser, _: chooser.rank,
    Rule.MOST_RECENT: lambda _chooser, _: lambda _candidate: 0,
    Rule.MOST_RECENT_VERIFIED: lambda _chooser, _: lambda candidate: candidate.verified,
    Rule.MOST_COMPLETE: lambda _chooser, _: completeness,
    Rule.AGREED: _agreed,
}
