"""Who is the same customer: what was said of pairs of members, and the customers that follow from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from xconnector.domain.matching.links import Cluster, Link, LinkAction, together_at
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "customer_links.sql")
_COLUMNS = ("at", "action", "first_key", "second_key", "basis", "actor", "reason")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Membership:
    asked_key: str
    customer_key: str
    member_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    member_key: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    first_key: str
    second_key: str
    action: str
    basis: str
    actor: str
    reason: str | None
    at: datetime


# ---------------------------------------------------------------------------- reading


async def customers_of(connection: Connection, member_keys: Sequence[str]) -> dict[str, str]:
    """Return the customer of each of these members, in one query; a member without links is its own."""
    keys = list(dict.fromkeys(member_keys))
    cursor = await connection.execute(_QUERIES.customers, {"member_keys": keys})
    return {key: key for key in keys} | {str(row[0]): str(row[1]) for row in await cursor.fetchall()}


async def clusters_of(connection: Connection, keys: Sequence[str]) -> dict[str, Cluster]:
    """Return by key, of a customer or of a member, the customer with all members, in one query."""
    rows = await fetch_all(connection, _Membership, _QUERIES.clusters, keys=list(set(keys)))
    found = {key: Cluster(customer_key=key, member_keys=(key,)) for key in keys}
    members: dict[str, list[_Membership]] = {}
    for row in rows:
        members.setdefault(row.asked_key, []).append(row)
    for key, those in members.items():
        found[key] = Cluster(customer_key=those[0].customer_key, member_keys=tuple(row.member_key for row in those))
    return found


async def members_at(connection: Connection, keys: Sequence[str], at: datetime | None) -> dict[str, tuple[str, ...]]:
    """Return by key all members of the customer to whom it belonged at a moment, or belongs now."""
    if at is None:
        return {key: cluster.member_keys for key, cluster in (await clusters_of(connection, keys)).items()}
    words = await words_ever(connection, keys)
    return {key: together_at(key, words, at) for key in keys}


async def words_on(connection: Connection, member_keys: Sequence[str]) -> list[Link]:
    """Return the latest word on every pair that holds one of these members, in the order in which they were said."""
    return await _words(connection, _QUERIES.latest, member_keys)


async def words_ever(connection: Connection, member_keys: Sequence[str]) -> list[Link]:
    """Return all that was ever said of these members and of whoever led to them, in the order in which it was said.

    `together_at` tells of it who was one customer at a moment.
    """
    return await _words(connection, _QUERIES.ever, member_keys)


async def _words(connection: Connection, query: bytes, member_keys: Sequence[str]) -> list[Link]:
    rows = await fetch_all(connection, _Word, query, member_keys=list(set(member_keys)))
    return [
        Link(
            first_key=row.first_key,
            second_key=row.second_key,
            action=LinkAction(row.action),
            basis=row.basis,
            actor=row.actor,
            reason=row.reason,
            at=row.at,
        )
        for row in rows
    ]


async def first_of(connection: Connection, member_keys: Sequence[str]) -> str:
    """Return the member that was a customer first; of one moment, the key that sorts first."""
    rows = await fetch_all(connection, _Moment, _QUERIES.known_since, member_keys=list(member_keys))
    return min((row.at or _NEVER, row.member_key) for row in rows)[1]


async def known_among(connection: Connection, member_keys: Sequence[str]) -> set[str]:
    """Return those of these members of whom anybody ever spoke."""
    cursor = await connection.execute(_QUERIES.known_among, {"member_keys": list(member_keys)})
    return {str(row[0]) for row in await cursor.fetchall()}


async def since(connection: Connection, member_keys: Sequence[str]) -> dict[str, datetime]:
    """Return since when members have been with their customer, of those that were ever linked."""
    rows = await fetch_all(connection, _Moment, _QUERIES.since, member_keys=list(member_keys))
    return {row.member_key: row.at for row in rows if row.at is not None}


async def first_linked(connection: Connection, member_keys: Sequence[str]) -> dict[str, datetime]:
    """Return when members were first linked with any other, of those that ever were."""
    rows = await fetch_all(connection, _Moment, _QUERIES.first_linked, member_keys=list(member_keys))
    return {row.member_key: row.at for row in rows if row.at is not None}


# ---------------------------------------------------------------------------- writing


async def hold(connection: Connection) -> None:
    """Let nobody else change who is the same customer until the transaction ends."""
    await connection.execute(_QUERIES.hold)


async def keep_still(connection: Connection) -> None:
    """Let nobody change who is the same customer until the transaction ends, without keeping out who asks the same."""
    await connection.execute(_QUERIES.keep_still)


async def say(connection: Connection, words: Sequence[Link]) -> None:
    """Keep what was said of pairs of members. What follows for their customers is written by `place`."""
    if words:
        await connection.execute(_QUERIES.say, {name: [getattr(word, name) for word in words] for name in _COLUMNS})


async def place(connection: Connection, customer_of: Mapping[str, str], now: datetime) -> None:
    """Say to which customer members belong from now on: all members of every customer that changed, by member."""
    if customer_of:
        columns = {"member_keys": list(customer_of), "customer_keys": list(customer_of.values())}
        await connection.execute(_QUERIES.place, {**columns, "now": now})
