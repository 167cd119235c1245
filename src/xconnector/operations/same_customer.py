"""Merging and unmerging by hand: a steward says who is the same customer, and why. Nothing that was said is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from xconnector.domain.consent import ConsentAction
from xconnector.domain.matching.links import (
    STEWARD,
    Cluster,
    Link,
    LinkAction,
    groups_of,
    link_that_joined,
    links_of,
)
from xconnector.domain.suppression import SuppressionAction
from xconnector.operations.customer_standing import links_within
from xconnector.postgres.connect import Connection, Pool, in_transaction
from xconnector.store import consents, customer_links, suppressions


class SameCustomerError(Exception):
    """What a steward asks for cannot be done like this; the message says what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a steward says of two members."""

    one: str = field(repr=False)
    other: str = field(repr=False)
    by: str
    reason: str = field(repr=False)
    overrules: bool = False
    """Whether a merge takes back what was said before: that other members of the two are two customers."""


async def merge(pool: Pool, word: Word) -> Cluster:
    """Make one customer of the two, with all members of each; returns it.

    It has the key of the one that was a customer first. Raises SameCustomerError.
    """

    async def write(connection: Connection) -> Cluster:
        await customer_links.hold(connection)
        return await merge_held(connection, word, datetime.now(UTC))

    return await in_transaction(pool, write)


async def merge_held(connection: Connection, word: Word, now: datetime) -> Cluster:
    """Do what `merge` does, in a transaction that holds the links."""
    await _prove_known(connection, (word.one, word.other))
    clusters = await customer_links.clusters_of(connection, [word.one, word.other])
    one, other = clusters[word.one], clusters[word.other]
    if one.customer_key == other.customer_key:
        raise SameCustomerError("they are one customer already; `xconnector customers show` lists its members")
    members = sorted({*one.member_keys, *other.member_keys})
    lifted = await _lifted(connection, word, one, other, now)
    link = _link(word.one, word.other, LinkAction.LINKED, word, now)
    senior = await customer_links.first_of(connection, [one.customer_key, other.customer_key])
    await customer_links.say(connection, [*lifted, link])
    await customer_links.place(connection, dict.fromkeys(members, senior), now)
    return Cluster(customer_key=senior, member_keys=tuple(members))


async def unmerge(pool: Pool, member: str, *, by: str, reason: str) -> list[Cluster]:
    """Make a member its own customer again; the others stay one as far as they are linked without it.

    No rule ever links it with them again. Returns the customers that there are now. Raises SameCustomerError.
    """

    async def write(connection: Connection) -> list[Cluster]:
        now = datetime.now(UTC)
        cluster = await _held_cluster(connection, member)
        others = [key for key in cluster.member_keys if key != member]
        links = await links_within(connection, cluster)
        words = [
            _link(member, key, LinkAction.APART, Word(one=member, other=key, by=by, reason=reason), now)
            for key in others
        ]
        gone = links_of(member, links)
        return await _part(connection, cluster, [link for link in links if link not in gone], words, now)

    return await in_transaction(pool, write)


async def part(pool: Pool, word: Word) -> list[Cluster]:
    """Undo the link that made one customer of two members: each goes with those who came with it.

    No rule ever makes them one again. Returns the customers that there are now. Raises SameCustomerError.
    """

    async def write(connection: Connection) -> list[Cluster]:
        now = datetime.now(UTC)
        cluster = await _held_cluster(connection, word.one)
        links = await links_within(connection, cluster)
        joined = None if word.one == word.other else link_that_joined(links, word.one, word.other)
        if joined is None:
            raise SameCustomerError("the two are not one customer; `xconnector customers show` lists who is")
        words = [replace(joined, action=LinkAction.UNLINKED, basis=STEWARD, actor=word.by, at=now, reason=word.reason)]
        words.append(_link(word.one, word.other, LinkAction.APART, word, now))
        return await _part(connection, cluster, [link for link in links if link is not joined], words, now)

    return await in_transaction(pool, write)


async def _held_cluster(connection: Connection, member: str) -> Cluster:
    await customer_links.hold(connection)
    cluster = (await customer_links.clusters_of(connection, [member]))[member]
    if len(cluster.member_keys) == 1:
        raise SameCustomerError("it is its own customer already: it has no link to any other member")
    return cluster


async def _part(
    connection: Connection, cluster: Cluster, links: Sequence[Link], words: Sequence[Link], now: datetime
) -> list[Cluster]:
    groups = groups_of(cluster.member_keys, links)
    parts = [
        Cluster(
            customer_key=cluster.customer_key
            if cluster.customer_key in group
            else await customer_links.first_of(connection, list(group)),
            member_keys=group,
        )
        for group in groups
    ]
    await _carry_over(connection, cluster, parts, now)
    await customer_links.say(connection, words)
    customer_of = {member: one.customer_key for one in parts for member in one.member_keys}
    await customer_links.place(connection, customer_of, now)
    return parts


async def _carry_over(connection: Connection, cluster: Cluster, parts: Sequence[Cluster], now: datetime) -> None:
    """Let each part keep every no that was heard of the others since any of its members was first linked.

    What channels report is recorded under the key that the customer had on that day, which another one may have taken
    over since: nobody can tell any more whom it came from.
    """
    linked = await customer_links.first_linked(connection, cluster.member_keys)
    said = await consents.of_members(connection, cluster.member_keys)
    listed = await suppressions.of_members(connection, cluster.member_keys)
    noes = [event for key in said for event in said[key] if event.action is not ConsentAction.GRANT]
    stops = [event for key in listed for event in listed[key] if event.action is SuppressionAction.SUPPRESSED]
    for one in parts:
        since = min(linked.get(member, now) for member in one.member_keys)
        key, own = one.customer_key, {*one.member_keys}
        heard = [no for no in noes if no.recorded_at >= since and no.customer_key not in own]
        await consents.add(connection, [replace(no, customer_key=key, recorded_at=now) for no in heard])
        barred = [stop for stop in stops if stop.recorded_at >= since and stop.customer_key not in own]
        await suppressions.add(connection, [replace(stop, customer_key=key, recorded_at=now) for stop in barred])


# ---------------------------------------------------------------------------- what is proven before


async def _prove_known(connection: Connection, members: Sequence[str]) -> None:
    """Raises SameCustomerError for a key of which nobody ever spoke: most likely it is misspelt."""
    known = await customer_links.known_among(connection, members)
    if unknown := [position for position, key in enumerate(members, start=1) if key not in known]:
        which = "either" if len(unknown) == len(members) else f"customer {unknown[0]} of the two"
        raise SameCustomerError(f"nobody ever spoke of {which}; spell the key as the source does")


async def _lifted(connection: Connection, word: Word, one: Cluster, other: Cluster, now: datetime) -> list[Link]:
    """Return what has to be said for other members of the two no longer to be known as two customers.

    Raises SameCustomerError where the word does not overrule who said that they are.
    """
    lifted: list[Link] = []
    for said in await customer_links.words_on(connection, one.member_keys):
        pair = {said.first_key, said.second_key}
        if said.action is not LinkAction.APART or not pair & {*other.member_keys} or pair == {word.one, word.other}:
            continue
        if not word.overrules:
            raise SameCustomerError(
                f"{said.actor} said on {said.at:%Y-%m-%d} that {said.first_key} and {said.second_key} are two "
                "customers; `xconnector customers merge --overrule` takes that back if it was wrong, "
                "or unmerge the one that does not belong there"
            )
        lifted.append(_link(said.first_key, said.second_key, LinkAction.UNLINKED, word, now))
    return lifted


def _link(one: str, other: str, action: LinkAction, word: Word, now: datetime) -> Link:
    return Link.between(one, other, action, basis=STEWARD, actor=word.by, at=now, reason=word.reason)
