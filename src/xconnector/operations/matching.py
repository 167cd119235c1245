"""Matching: members that share a strong key are linked; who contradicts each other waits for a person."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from xconnector.domain.golden import Survivorship
from xconnector.domain.matching.clustering import Clustering, Refusal, Union
from xconnector.domain.matching.keys import MatchingRules
from xconnector.operations.matching_keys import SECRET_BYTES, KeyRecipe, KeysOfPage, key_making
from xconnector.postgres.connect import Connection, Pool
from xconnector.store import customer_matches, customer_matching
from xconnector.store.customer_matches import Proposal

ACTOR = "xconnector customers match"
_AT_ONCE = 2000
"""Customers that are written in one transaction."""
_MOST_SHOWN = 20
_PAGE = 5000
_MANY_LINKS = 5000
"""Links after which the planner would take the table of links for another one."""
_AHEAD = 3
"""Pages whose keys are being computed while one more is read."""


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
        if matched.linked >= _MANY_LINKS and not work.dry_run:
            await customer_matching.analyze_links(connection)
    return matched


# ---------------------------------------------------------------------------- keys


async def _take_keys(
    connection: Connection, work: MatchingWork, number: int, clustering: Clustering, progress: Callable[[int], None]
) -> None:
    """Compute the keys of every member, a page at a time; meanwhile the pages that follow are read."""
    recipe = KeyRecipe(
        rules=work.rules, survivorship=work.survivorship.rows, at=work.at, secret=secrets.token_bytes(SECRET_BYTES)
    )
    async with key_making(recipe, number) as keys_of:
        awaited: deque[Awaitable[KeysOfPage]] = deque()
        done = 0
        for first in range(0, number + _PAGE * _AHEAD, _PAGE):
            if first < number:
                awaited.append(keys_of(await customer_matching.said(connection, first, first + _PAGE)))
            if first >= _PAGE * _AHEAD:
                page = await awaited.popleft()
                for member, name, digest in page.differing:
                    clustering.say(member, name, digest)
                await customer_matching.keep_keys(connection, page.keys)
                done = min(done + _PAGE, number)
                progress(done)


# ---------------------------------------------------------------------------- what follows


async def _write_rule(
    connection: Connection, work: MatchingWork, clustering: Clustering, matched: Matched, outcome: RuleOutcome
) -> None:
    """Write what a rule merges, a page at a time; meanwhile the page that follows is settled."""
    settled = clustering.settle()
    page = await asyncio.to_thread(_page_of, settled)
    while page:
        _, page = await asyncio.gather(
            _write_page(connection, work, page, matched, outcome), asyncio.to_thread(_page_of, settled)
        )


def _page_of(settled: Iterator[Union | Refusal]) -> list[Union | Refusal]:
    return list(islice(settled, _AT_ONCE))


async def _write_page(
    connection: Connection,
    work: MatchingWork,
    page: Sequence[Union | Refusal],
    matched: Matched,
    outcome: RuleOutcome,
) -> None:
    unions = [one for one in page if isinstance(one, Union)]
    refusals = [one for one in page if isinstance(one, Refusal)]
    outcome.refused += sum(len(one.pairs) for one in refusals if one.differ)
    outcome.too_many += sum(len(one.pairs) for one in refusals if not one.differ)
    room = _MOST_SHOWN - len(matched.links)
    shown = [pair for union in unions[:room] for pair in union.links][:room]
    named = [*shown, *(pair for one in refusals if one.differ for pair in one.pairs)]
    names = await customer_matching.members_of(connection, [member for pair in named for member in pair])
    matched.links += [(names[one], names[other], outcome.rule) for one, other in shown]
    links = sum(len(one.links) for one in unions)
    if not work.dry_run:
        written = await _link(connection, unions, outcome.rule)
        outcome.skipped += links - written
        links = written
        matched.proposed += await _propose(connection, refusals, names, outcome.rule)
    outcome.links += links


async def _link(connection: Connection, unions: Sequence[Union], rule: str) -> int:
    """Write what became one, except where somebody else changed it meanwhile; returns how many links were written."""
    if not unions:
        return 0
    async with connection.transaction():
        return await customer_matching.link(connection, unions, rule=rule, actor=ACTOR, now=datetime.now(UTC))


async def _propose(connection: Connection, refusals: Sequence[Refusal], names: Mapping[int, str], rule: str) -> int:
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
