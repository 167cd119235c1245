"""The queue of stewards: pairs that may be one customer, and what people decided about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one, to_json

_QUERIES = Queries.load("xconnector.store", "customer_matches.sql")
_weights = msgspec.json.Decoder(dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Two members that may be one customer."""

    first_key: str = field(repr=False)
    second_key: str = field(repr=False)
    """Sorts behind the first."""
    basis: str
    """The rule under which both have the same key, or `probable`."""
    differ: Sequence[str] = ()
    """Fields in which they, or others that the rule would have merged with them, contradict each other."""
    probability: float | None = None
    """That they are one, from 0 to 1; None where a rule found them."""
    weights: Mapping[str, float] | None = None
    """By field what it adds to the weight of the match, in bits: minus speaks against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Proposal):
    """A proposal that waits for a person."""

    match_id: int
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    match_id: int
    first_key: str
    second_key: str
    basis: str
    differ: list[str]
    probability: float | None
    weights: str | None
    found_at: datetime

    def match(self) -> Match:
        return Match(
            match_id=self.match_id,
            first_key=self.first_key,
            second_key=self.second_key,
            basis=self.basis,
            differ=self.differ,
            probability=self.probability,
            weights=None if self.weights is None else _weights.decode(self.weights),
            found_at=self.found_at,
        )


async def propose(connection: Connection, proposals: Sequence[Proposal], now: datetime) -> int:
    """Let people decide about pairs; returns how many were never proposed before."""
    if not proposals:
        return 0
    columns = {
        "first_key": [one.first_key for one in proposals],
        "second_key": [one.second_key for one in proposals],
        "basis": [one.basis for one in proposals],
        "differ": [to_json(list(one.differ)) for one in proposals],
        "probability": [one.probability for one in proposals],
        "weights": [None if one.weights is None else to_json(dict(one.weights)) for one in proposals],
    }
    return (await connection.execute(_QUERIES.propose, {**columns, "now": now})).rowcount


async def waiting(connection: Connection, *, after: int = 0, limit: int) -> list[Match]:
    """Return the pairs that wait for a person, the oldest first; `after` is the last one of the page before."""
    return [row.match() for row in await fetch_all(connection, _Row, _QUERIES.open, after=after, limit=limit)]


async def find(connection: Connection, match_id: int) -> Match | None:
    """Return a pair that waits; None where none does."""
    row = await fetch_one(connection, _Row, _QUERIES.find, match_id=match_id)
    return None if row is None else row.match()


async def hold(connection: Connection, match_id: int) -> Match | None:
    """Return a pair that waits, locked until the transaction ends; None where none does."""
    row = await fetch_one(connection, _Row, _QUERIES.hold, match_id=match_id)
    return None if row is None else row.match()


async def decide(
    connection: Connection, match_id: int, *, accepted: bool, by: str, reason: str | None, now: datetime
) -> None:
    """Keep what a person decided about a pair."""
    decision = "accepted" if accepted else "rejected"
    await connection.execute(
        _QUERIES.decide, {"match_id": match_id, "decision": decision, "by": by, "reason": reason, "now": now}
    )
