"""Matching: members that share a strong key are linked; who contradicts each other waits for a person."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import Survivorship
from xconnector.domain.matching.clustering import Clustering, Refusal, Union
from xconnector.domain.matching.keys import MatchingRules
from xconnector.domain.matching.links import Link, LinkAction
from xconnector.postgres.connect import Connection, Pool
from xconnector.store import customer_links, customer_matches, customer_matching
from xconnector.store.customer_matches import Proposal

ACTOR = "xconnector customers match"
_AT_ONCE = 2000
"""Customers that are written in one transaction."""
_MOST_SHOWN = 20
_PAGE = 5000
_SIGN = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingWork:
    """What is to be matched, and how."""

    rules: MatchingRules
    survivorship: Survivorship
    at: datetime
    dry_run: bool = False
    """Whether nothing is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """A key that too many members share: nobody of them is merged by it."""

    rule: str
    members: int
    first: Sequence[str] = field(repr=False)
    """The first few of them."""


@dataclass(slots=True, kw_only=True)
class RuleOutcome:
    """What one rule did."""

    rule: str
    links: int = 0
    refused: int = 0
    """Pairs that share a key, and contradict each other or others with whom they would be merged."""
    too_many: int = 0
    """Pairs that share a key, and with whom a customer would have too many members."""
    crowds: int = 0
    """Keys that too many members share; of the largest hundred."""
    skipped: int = 0
    """Links that were not made, because somebody else linked or parted their members meanwhile."""


@dataclass(slots=True, kw_only=True)
class Matched:
    """What matching found."""

    members: int
    rules: list[RuleOutcome] = field(default_factory=list[RuleOutcome])
    crowds: list[Crowd] = field(default_factory=list[Crowd], repr=False)
    links: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]], repr=False)
    """The first few links: two members, and the rule."""
    proposed: int = 0
    """Pairs that wait for a person since."""

    @property
    def linked(self) -> int:
        """Return how many links were made, or would be."""
        return sum(one.links for one in self.rules)


async def match(pool: Pool, work: MatchingWork, *, progress: Callable[[int, int], None] | None = None) -> Matched:
    """Link all members that share a key and do not contradict each other.

    Keys are computed anew of what is known of every member; links that there are stay. What was linked before this
    was interrupted stays linked, and the next call does the rest. `progress` is told members done and members in all.
    """
    async with customer_matching.opened(pool) as (connection, number):
        clustering = Clustering(
            number,
            unless_differ=work.rules.unless_differ,
            apart=await customer_matching.apart(connection),
            most=work.rules.most,
            known=await customer_matching.known(connection),
        )
        await _take_keys(
            connection, work, number, clustering, lambda done: progress(done, number) if progress else None
        )
        matched = Matched(members=number)
        for position, rule in enumerate(work.rules.rules):
            outcome = RuleOutcome(rule=rule.name)
            matched.rules.append(outcome)
            async for page in customer_matching.blocks(connection, position, most=work.rules.most):
                clustering.share(page)
            await _write_rule(connection, work, clustering, matched, outcome)
            for crowd in await customer_matching.crowds(connection, position, most=work.rules.most):
                outcome.crowds += 1
                names = await customer_matching.members_of(connection, crowd.first)
                first = [names[one] for one in crowd.first]
                matched.crowds.append(Crowd(rule=rule.name, members=crowd.members, first=first))
    return matched


# ---------------------------------------------------------------------------- keys


async def _take_keys(
    connection: Connection, work: MatchingWork, number: int, clustering: Clustering, progress: Callable[[int], None]
) -> None:
    """Compute the keys of every member, a page at a time; meanwhile the page that follows is read."""
    keys_of = _Keys(work)
    # Most of what is said decides nothing of these.
    said_by = customer_matching.NarrowReading(work.survivorship.decided_with(work.rules.fields))
    said = await said_by.page(connection, 0, _PAGE)
    for first in range(0, number, _PAGE):
        end = first + _PAGE
        following, (keys, differing) = await asyncio.gather(
            said_by.page(connection, end, end + _PAGE), asyncio.to_thread(keys_of.page, said)
        )
        for member, name, digest in differing:
            clustering.say(member, name, digest)
        await customer_matching.keep_keys(connection, keys)
        progress(min(end, number))
        said = following


class _Keys:
    """The keys of members, as digests under a secret of this one matching."""

    def __init__(self, work: MatchingWork) -> None:
        self._work = work
        self._secret = secrets.token_bytes(32)

    def page(
        self, said: Mapping[int, Sequence[CustomerRecord]]
    ) -> tuple[list[customer_matching.Key], list[tuple[int, str, int]]]:
        """Return the keys of a page of members, and by number and name the digests of what must not differ."""
        keys: list[customer_matching.Key] = []
        differing: list[tuple[int, str, int]] = []
        for number, records in said.items():
            values = self._values(records)
            keys += [
                (position, self._digest(key, 16).hex(), number)
                for position, key in enumerate(self._work.rules.keys(values))
                if key is not None
            ]
            for name in self._work.rules.unless_differ:
                if name in values:
                    # Never 0, which says nothing.
                    digest = int.from_bytes(self._digest([values[name]], 8)) - _SIGN or 1
                    differing.append((number, name, digest))
        return keys, differing

    def _values(self, records: Sequence[CustomerRecord]) -> dict[str, str]:
        member = records[0].customer_key if records else ""
        return self._work.rules.values(self._work.survivorship.golden(member, records, at=self._work.at).fields)

    def _digest(self, parts: Sequence[str], size: int) -> bytes:
        content = [part.encode() for part in parts]
        # Each with its length before it, so that no two keys run together.
        told = b"".join([len(part).to_bytes(4) + part for part in content])
        return hashlib.blake2b(told, digest_size=size, key=self._secret).digest()


# ---------------------------------------------------------------------------- what follows


async def _write_rule(
    connection: Connection, work: MatchingWork, clustering: Clustering, matched: Matched, outcome: RuleOutcome
) -> None:
    settled = clustering.settle()
    while page := list(islice(settled, _AT_ONCE)):
        names = await customer_matching.members_of(connection, [*_numbers(page)])
        unions = [one for one in page if isinstance(one, Union)]
        refusals = [one for one in page if isinstance(one, Refusal)]
        outcome.refused += sum(len(one.pairs) for one in refusals if one.differ)
        outcome.too_many += sum(len(one.pairs) for one in refusals if not one.differ)
        room = _MOST_SHOWN - len(matched.links)
        shown = [pair for union in unions[:room] for pair in union.links][:room]
        matched.links += [(names[one], names[other], outcome.rule) for one, other in shown]
        links = sum(len(one.links) for one in unions)
        if not work.dry_run:
            skipped = await _link(connection, unions, names, outcome.rule)
            outcome.skipped += skipped
            links -= skipped
            matched.proposed += await _propose(connection, refusals, names, outcome.rule)
        outcome.links += links


def _numbers(page: Sequence[Union | Refusal]) -> Iterable[int]:
    for one in page:
        for group in one.customers if isinstance(one, Union) else one.pairs:
            yield from group


async def _link(connection: Connection, unions: Sequence[Union], names: dict[int, str], rule: str) -> int:
    """Write what became one, except where somebody else changed it meanwhile; returns how many links were skipped."""
    if not unions:
        return 0
    now = datetime.now(UTC)
    skipped = 0
    async with connection.transaction():
        await customer_links.hold(connection)
        changed = await _changed_meanwhile(connection, unions, names)
        words: list[Link] = []
        customer_of: dict[str, str] = {}
        for union in unions:
            if names[union.customers[0][0]] in changed:
                skipped += len(union.links)
                continue
            words += [
                Link.between(names[one], names[other], LinkAction.LINKED, basis=rule, actor=ACTOR, at=now, reason=None)
                for one, other in union.links
            ]
            customer = names[union.customers[0][0]]
            customer_of |= {names[member]: customer for members in union.customers for member in members}
        await customer_links.say(connection, words)
        await customer_links.place(connection, customer_of, now)
    return skipped


async def _changed_meanwhile(connection: Connection, unions: Sequence[Union], names: dict[int, str]) -> set[str]:
    """Return the first customer of every union whose members are not any more as they were, or are said to be two."""
    expected = {
        names[members[0]]: sorted(names[member] for member in members) for one in unions for members in one.customers
    }
    found = await customer_links.clusters_of(connection, list(expected))
    moved = {key for key, members in expected.items() if sorted(found[key].member_keys) != members}
    union_of = {
        names[member]: names[one.customers[0][0]] for one in unions for members in one.customers for member in members
    }
    words = await customer_links.words_on(connection, list(union_of))
    apart = {
        union_of[word.first_key]
        for word in words
        if word.action is LinkAction.APART and union_of.get(word.first_key) == union_of.get(word.second_key) is not None
    }
    return {union_of[key] for key in moved} | apart


async def _propose(connection: Connection, refusals: Sequence[Refusal], names: dict[int, str], rule: str) -> int:
    """Let people decide about those who share a key and contradict each other. They are never linked by rule."""
    proposals = [
        Proposal(first_key=first, second_key=second, basis=rule, differ=refusal.differ)
        for refusal in refusals
        if refusal.differ
        for pair in refusal.pairs
        for first, second in [sorted(names[member] for member in pair)]
    ]
    async with connection.transaction():
        return await customer_matches.propose(connection, proposals, datetime.now(UTC))
