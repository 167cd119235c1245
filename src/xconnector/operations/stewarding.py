"""The queue of stewards: pairs that may be one customer wait for a person, who accepts or rejects each once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from xconnector.domain.golden import Survivorship
from xconnector.domain.matching.keys import comparable
from xconnector.domain.matching.links import STEWARD, Cluster, Link, LinkAction
from xconnector.operations.same_customer import SameCustomerError, Word, merge_held
from xconnector.postgres.connect import Connection, Pool, in_transaction, snapshot
from xconnector.store import customer_links, customer_matches, customers
from xconnector.store.customer_matches import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a steward says of a pair that waits."""

    match_id: int
    by: str
    reason: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One field of two customers beside each other."""

    name: str
    first: object = field(repr=False)
    second: object = field(repr=False)
    agrees: bool
    weight: float | None = None
    """What it adds to the weight of a probable match, in bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A pair that waits, with what is known of both."""

    match: Match
    fields: Sequence[Comparison] = field(repr=False)


async def waiting_matches(pool: Pool, *, after: int = 0, limit: int) -> list[Match]:
    """Return the pairs that wait for a person, the oldest first; `after` is the last one of the page before."""
    return await in_transaction(pool, lambda connection: customer_matches.waiting(connection, after=after, limit=limit))


async def beside(pool: Pool, match_id: int, *, rules: Survivorship, at: datetime) -> Beside:
    """Return a pair with what is known of both, field by field. Raises SameCustomerError where none waits."""
    async with snapshot(pool) as connection:
        match = _proved(await customer_matches.find(connection, match_id), match_id)
        golden = await customers.golden_records(connection, [match.first_key, match.second_key], rules, at=at)
        both = (golden.get(key) for key in (match.first_key, match.second_key))
        first, second = (dict[str, Any]() if one is None else one.fields for one in both)
        weights = match.weights or {}
        return Beside(
            match=match,
            fields=[
                Comparison(
                    name=name,
                    first=first.get(name),
                    second=second.get(name),
                    agrees=comparable(name, first.get(name)) == comparable(name, second.get(name)) is not None,
                    weight=weights.get(name),
                )
                for name in sorted({*first, *second})
            ],
        )


async def accept(pool: Pool, decision: Decision) -> Cluster:
    """Make one customer of a pair that waits; returns it. Raises SameCustomerError."""

    async def write(connection: Connection) -> Cluster:
        now = datetime.now(UTC)
        await customer_links.hold(connection)
        match = await _waiting(connection, decision.match_id)
        reason = decision.reason or f"match {match.match_id}, found by {match.basis}"
        word = Word(one=match.first_key, other=match.second_key, by=decision.by, reason=reason)
        cluster = await merge_held(connection, word, now)
        await customer_matches.decide(
            connection, match.match_id, accepted=True, by=decision.by, reason=decision.reason, now=now
        )
        return cluster

    return await in_transaction(pool, write)


async def reject(pool: Pool, decision: Decision) -> None:
    """Say that a pair is two customers: no rule ever makes them one, and they are never proposed again.

    Raises SameCustomerError where none waits.
    """

    async def write(connection: Connection) -> None:
        now = datetime.now(UTC)
        await customer_links.hold(connection)
        match = await _waiting(connection, decision.match_id)
        clusters = await customer_links.clusters_of(connection, [match.first_key, match.second_key])
        if clusters[match.first_key] == clusters[match.second_key]:
            raise SameCustomerError("they are one customer by now; `xconnector customers unmerge` parts them")
        word = Link.between(
            match.first_key,
            match.second_key,
            LinkAction.APART,
            basis=STEWARD,
            actor=decision.by,
            at=now,
            reason=decision.reason,
        )
        await customer_links.say(connection, [word])
        await customer_matches.decide(
            connection, match.match_id, accepted=False, by=decision.by, reason=decision.reason, now=now
        )

    await in_transaction(pool, write)


async def _waiting(connection: Connection, match_id: int) -> Match:
    return _proved(await customer_matches.hold(connection, match_id), match_id)


def _proved(match: Match | None, match_id: int) -> Match:
    if match is None:
        raise SameCustomerError(f"no match {match_id} waits; `xconnector customers matches` lists those that do")
    return match
