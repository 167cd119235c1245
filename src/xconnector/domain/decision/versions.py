"""Versions of decision tables: what people said of each, and which one is in force on a day.

A version is one proposal of one table, by the table's SHA-256. Everything follows from the events: they are the ledger
of tables. An event that was not legal when it was said counts for nothing, however it came into the ledger.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest


class Act(StrEnum):
    """What a person can say of a version."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    SHADOWED = "shadowed"
    """It decides beside the version in force, and nobody acts on it."""
    UNSHADOWED = "unshadowed"


class VersionState(StrEnum):
    """Where a version stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEvent:
    """One sentence of one person about one version."""

    at: datetime
    table: str
    """The table's name."""
    sha256: str
    """Of what the table decides: `DecisionTable.sha256`."""
    act: Act
    person: str
    reason: str
    role: str | None = None
    """In which the person spoke; None where none was needed."""
    effective_from: date | None = None
    """The first day on which an approved version decides; None for every other act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One proposal, and what became of it."""

    table: str
    sha256: str
    proposed: TableEvent
    settled: TableEvent | None = None
    """The approval, rejection or withdrawal; None while it waits."""
    revoked: TableEvent | None = None
    shadowed: TableEvent | None = None
    """Since when it decides in the shadow; None where it does not."""

    @property
    def state(self) -> VersionState:
        if self.revoked is not None:
            return VersionState.REVOKED
        return VersionState.PROPOSED if self.settled is None else VersionState(self.settled.act)

    @property
    def is_open(self) -> bool:
        """Whether it waits for a second person."""
        return self.settled is None

    @property
    def is_shadowed(self) -> bool:
        """Whether it decides in the shadow; what is rejected, withdrawn or revoked does so no more."""
        return self.shadowed is not None and self.state in {VersionState.PROPOSED, VersionState.APPROVED}

    @property
    def effective_from(self) -> date | None:
        """The first day on which it may be in force; None where it was never approved."""
        return None if self.settled is None else self.settled.effective_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days on which a version is in force; none at all where `last` lies before `first`."""

    first: date
    last: date | None
    """None where no other version is to follow."""


def versions_of(events: Iterable[TableEvent]) -> tuple[Version, ...]:
    """Return the versions that events tell of, in the order in which they were proposed.

    Events may come in any order, and of many tables: their times say which came first.
    """
    told: dict[tuple[str, str], list[Version]] = {}
    order: list[tuple[tuple[str, str], int]] = []
    for event in sorted(events, key=lambda one: one.at):
        key = (event.table, event.sha256)
        rounds = told.setdefault(key, [])
        if contradiction(event, rounds) is not None:
            continue
        if event.act is Act.PROPOSED:
            order.append((key, len(rounds)))
            rounds.append(Version(table=event.table, sha256=event.sha256, proposed=event))
        else:
            told[key] = [*_after(event, rounds)]
    return tuple(told[key][at] for key, at in order)


def in_force(versions: Iterable[Version], on: date) -> Version | None:
    """Return the version of a table that decides on a day, or None.

    Of the approved ones it is that with the latest effective date that has come; of those with the same date, the one
    that was approved last. A revoked version is in force on no day, so that the one before it is again.
    """
    approved = [one for one in _standing(versions) if _from(one) <= on]
    return max(approved, key=_precedence, default=None)


def shadows(versions: Iterable[Version], *, deciding: str | None) -> tuple[Version, ...]:
    """Return the versions of a table that decide in the shadow of the SHA-256 that is deciding, each SHA-256 once."""
    found = {one.sha256: one for one in versions if one.is_shadowed and one.sha256 != deciding}
    return tuple(found.values())


def spans(versions: Iterable[Version]) -> Mapping[TableEvent, Span]:
    """Return by their approvals on which days the versions of one table are in force, as far as is said by now."""
    standing = sorted(_standing(versions), key=_precedence)
    return {
        one.settled: Span(first=_from(one), last=None if after is None else _from(after) - timedelta(days=1))
        for one, after in zip_longest(standing, standing[1:])
        if one.settled is not None
    }


def of_table(versions: Iterable[Version], table: str) -> tuple[Version, ...]:
    """Return the versions of one table."""
    return tuple(one for one in versions if one.table == table)


def contradiction(event: TableEvent, rounds: Sequence[Version]) -> str | None:
    """Return why this cannot be said after what was said of the same table and SHA-256; None where it can.

    The text says what to do instead.
    """
    version = rounds[-1] if rounds else None
    if event.act is Act.PROPOSED:
        return f"it is proposed already, by {version.proposed.person}" if version and version.is_open else None
    if version is None:
        return "it was never proposed: propose it first"
    if event.act is Act.REVOKED:
        return None if [*_standing(rounds)] else f"it is {version.state}, and nothing approved is left to revoke"
    if event.act is Act.SHADOWED:
        return _no_shadow(version)
    if event.act is Act.UNSHADOWED:
        return None if version.is_shadowed else "it does not decide in the shadow"
    return _unsettled(event, version)


def repeats(event: TableEvent, rounds: Sequence[Version]) -> bool:
    """Say whether the same person said this of the same version before, and it holds: saying it again adds nothing."""
    if not rounds:
        return False
    version = rounds[-1]
    said = {
        Act.PROPOSED: version.proposed if version.is_open else None,
        Act.REVOKED: version.revoked,
        Act.SHADOWED: version.shadowed,
        Act.UNSHADOWED: None,
    }.get(event.act, version.settled if version.revoked is None else None)
    return (
        said is not None
        and said.act is event.act
        and said.effective_from == event.effective_from
        and is_same_person(said.person, event.person)
    )


def is_same_person(one: str, other: str) -> bool:
    """Say whether two names are one person's: letter case, widths and spaces around them make nobody another."""
    return _identity(one) == _identity(other)


def _identity(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def _no_shadow(version: Version) -> str | None:
    if version.is_shadowed:
        return "it decides in the shadow already"
    if version.state in {VersionState.PROPOSED, VersionState.APPROVED}:
        return None
    return f"it is {version.state}: propose it again first"


def _unsettled(event: TableEvent, version: Version) -> str | None:
    """Return why a proposal cannot be approved, rejected or withdrawn by this person."""
    if version.settled is not None:
        return f"it was {version.settled.act} by {version.settled.person} already: propose it again first"
    is_own = is_same_person(event.person, version.proposed.person)
    if event.act is Act.WITHDRAWN:
        return None if is_own else f"only {version.proposed.person}, who proposed it, can withdraw it: reject it"
    if is_own and event.act is Act.REJECTED:
        return f"{version.proposed.person} proposed it: withdraw it"
    if is_own:
        return f"{version.proposed.person} proposed it: a second person must approve it (four eyes)"
    if event.act is Act.APPROVED and event.effective_from is None:
        return "an approval names the day from which the version decides"
    return None


def _after(event: TableEvent, rounds: Sequence[Version]) -> Iterator[Version]:
    """Yield the versions of one table and SHA-256 after a legal event that proposes nothing."""
    *earlier, latest = rounds
    if event.act is Act.REVOKED:
        for one in rounds:
            yield replace(one, revoked=event) if one.state is VersionState.APPROVED else one
        return
    yield from earlier
    if event.act is Act.SHADOWED:
        yield replace(latest, shadowed=event)
    elif event.act is Act.UNSHADOWED:
        yield replace(latest, shadowed=None)
    else:
        yield replace(latest, settled=event)


def _standing(versions: Iterable[Version]) -> Iterator[Version]:
    return (one for one in versions if one.state is VersionState.APPROVED)


def _from(version: Version) -> date:
    return version.effective_from or date.max


def _precedence(version: Version) -> tuple[date, datetime]:
    return _from(version), (version.settled or version.proposed).at
