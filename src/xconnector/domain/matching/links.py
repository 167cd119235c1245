"""Links: what was said of two members, and the customers that follow from it.

A member is what a source calls a customer: one key. A link says that two members are one customer. Links make a
forest: each was the one that brought two customers together, so that cutting it leaves these two as they were.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

STEWARD = "steward"
"""The basis of what a person said of two members."""


class LinkAction(StrEnum):
    """What was said of two members; the latest word counts."""

    LINKED = "linked"
    UNLINKED = "unlinked"
    """The link ended, and nothing is said of whether they are the same."""
    APART = "apart"
    """They are two customers, and no rule ever makes them one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One word on two members. It is never changed: the next one counts."""

    first_key: str = field(repr=False)
    second_key: str = field(repr=False)
    """Sorts behind the first."""
    action: LinkAction
    basis: str
    """The rule under which both had the same key, or `steward`."""
    actor: str
    """Who said it: a person, or the program that applied the rule."""
    at: datetime
    reason: str | None = field(default=None, repr=False)

    @classmethod
    def between(
        cls, one: str, other: str, action: LinkAction, *, basis: str, actor: str, at: datetime, reason: str | None
    ) -> Self:
        """Return a word on two members, in whichever order they are named. Raises ValueError where it is one."""
        if one == other:
            raise ValueError("a member is always the same customer as itself")
        first, second = sorted((one, other))
        return cls(first_key=first, second_key=second, action=action, basis=basis, actor=actor, at=at, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A customer and all members that are this customer, sorted."""

    customer_key: str = field(repr=False)
    member_keys: tuple[str, ...] = field(repr=False)


def groups_of(members: Collection[str], links: Iterable[Link]) -> list[tuple[str, ...]]:
    """Return who is one with whom by these links: every member once, each group sorted, the groups by their first."""
    groups = {member: [member] for member in members}
    for link in links:
        _unite(groups, link)
    return sorted({tuple(sorted(group)) for group in groups.values()})


def link_that_joined(links: Sequence[Link], one: str, other: str) -> Link | None:
    """Return the link that made one customer of the two, of links in the order in which they were said.

    None where these links do not make them one.
    """
    groups: dict[str, list[str]] = {}
    for link in links:
        for member in (link.first_key, link.second_key):
            groups.setdefault(member, [member])
        _unite(groups, link)
        if other in groups.get(one, ()):
            return link
    return None


def links_of(member: str, links: Iterable[Link]) -> list[Link]:
    """Return the links that hold a member directly."""
    return [link for link in links if member in {link.first_key, link.second_key}]


def together_at(member: str, words: Iterable[Link], at: datetime) -> tuple[str, ...]:
    """Return who was one customer with a member at a moment, itself included, sorted.

    `words` are all that were ever said of them and of those who led to them, in the order in which they were said.
    """
    latest = {(word.first_key, word.second_key): word for word in words if word.at <= at}
    links = [word for word in latest.values() if word.action is LinkAction.LINKED]
    members = {member, *(key for link in links for key in (link.first_key, link.second_key))}
    return next(group for group in groups_of(members, links) if member in group)


def _unite(groups: dict[str, list[str]], link: Link) -> None:
    first, second = groups[link.first_key], groups[link.second_key]
    if first is second:
        return
    if len(first) < len(second):
        # Who is in the smaller group moves: a long chain then costs hardly more than its length.
        first, second = second, first
    first += second
    for member in second:
        groups[member] = first
