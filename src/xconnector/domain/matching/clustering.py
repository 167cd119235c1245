"""Clustering: members that share keys become one customer, rule by rule, unless anything speaks against it.

The strongest rule goes first. What members that share keys under one rule would become is looked at as a whole, with
the customers that there are already: where two of them contradict each other, or they would be too many, the rule
merges none of them, and people look at it. So the order in which members come decides nothing.

Members are numbers from 0 by the time since when they are known: the smallest of a customer is the one that was a
customer first. A member costs sixteen bytes, and eight more for each field that must not differ; a pair that shares a
key costs twelve while its rule is settled. Only what is yielded is more than numbers in rows: a refusal holds all its
pairs, and of a chain without end these are as many as the chain has links. The work grows with members and pairs.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Pair: TypeAlias = tuple[int, int]
"""Two members, the smaller first."""
_NOTHING = 0
_NO_PAIR = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Customers that become one."""

    customers: tuple[tuple[int, ...], ...]
    """The members of each before, the customer's own first; the smallest of these is the customer from now on."""
    links: tuple[Pair, ...]
    """As many as it takes: each joins two that were not one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Members that share keys and are not merged, because some of them contradict each other, or they are too many."""

    pairs: tuple[Pair, ...]
    """Those that share a key and are not one customer."""
    differ: tuple[str, ...]
    """The fields in which they differ, or `apart` where people said that they are two; none where they are too many."""


APART = "apart"


class Clustering:
    """Who is one customer, growing from rule to rule."""

    def __init__(
        self,
        number: int,
        *,
        unless_differ: Sequence[str],
        apart: Collection[Pair],
        most: int,
        known: Iterable[Pair] = (),
    ) -> None:
        """`known` says of members that are not their own customer whose they are."""
        self._customer = array("i", range(number))
        # Of each member the next one of its customer; behind the last one comes the first again.
        self._next = array("i", range(number))
        self._values = {name: array("q", bytes(8 * number)) for name in unless_differ}
        self._apart: dict[int, set[int]] = {}
        for one, other in apart:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)
        self._most = most
        for member, customer in known:
            self._customer[member] = customer
            self._next[member], self._next[customer] = self._next[customer], member
        self._begin()

    def say(self, member: int, name: str, digest: int) -> None:
        """Keep what a member says of a field that must not differ; 0 says nothing."""
        self._values[name][member] = digest

    def customer_of(self, member: int) -> int:
        """Return the first member of the customer to whom a member belongs by now."""
        return self._customer[member]

    def members_of(self, customer: int) -> Sequence[int]:
        """Return all members of a customer by now, the one whose number it has first."""
        others: list[int] = []
        member = self._next[customer]
        while member != customer:
            others.append(member)
            member = self._next[member]
        return [customer, *sorted(others)]

    def share(self, blocks: Iterable[Sequence[int]]) -> None:
        """Hear of members that share a key under the present rule: each block is those of one key, in any order."""
        for block in blocks:
            first, *others = sorted(block)
            for other in others:
                if self._customer[first] != self._customer[other]:
                    self._firsts.append(first)
                    self._seconds.append(other)
                    one, two = _leader(self._leader, first), _leader(self._leader, other)
                    self._leader[max(one, two)] = min(one, two)

    def settle(self) -> Iterator[Union | Refusal]:
        """Merge what shares keys under the present rule, of which all was heard; then the next rule begins."""
        for pairs in self._components():
            customers = sorted({self._customer[member] for pair in pairs for member in pair})
            differ = self._differ(customers)
            if differ or sum(len(self.members_of(customer)) for customer in customers) > self._most:
                yield Refusal(pairs=tuple(pairs), differ=differ)
            else:
                before = tuple(tuple(self.members_of(customer)) for customer in customers)
                yield Union(customers=before, links=tuple(self._unite(pairs)))
        self._begin()

    def _begin(self) -> None:
        self._firsts, self._seconds = array("i"), array("i")
        self._leader = array("i", self._customer)

    def _components(self) -> Iterator[list[Pair]]:
        """Yield the pairs that share a key and are two customers, together with all others that they lead to."""
        latest = array("i", [_NO_PAIR]) * len(self._customer)
        before = array("i", bytes(4 * len(self._firsts)))
        for position, first in enumerate(self._firsts):
            leader = _leader(self._leader, first)
            before[position], latest[leader] = latest[leader], position
        for position in latest:
            if position != _NO_PAIR:
                yield sorted(self._pairs(position, before))

    def _pairs(self, position: int, before: "array[int]") -> set[Pair]:
        pairs: set[Pair] = set()
        while position != _NO_PAIR:
            pairs.add((self._firsts[position], self._seconds[position]))
            position = before[position]
        return pairs

    def _differ(self, customers: Sequence[int]) -> tuple[str, ...]:
        """Return the fields in which any two of these customers contradict each other."""
        differ = [name for name, values in self._values.items() if self._contradict(customers, values)]
        if self._apart and self._are_apart(customers):
            differ.append(APART)
        return tuple(differ)

    def _contradict(self, customers: Sequence[int], values: Sequence[int]) -> bool:
        found = ({values[member] for member in self.members_of(customer)} - {_NOTHING} for customer in customers)
        # Of one customer two values may be known, where a steward merged it: that is not looked at again.
        said = [values for values in found if values]
        return len(said) > 1 and len(set[int]().union(*said)) > 1

    def _are_apart(self, customers: Sequence[int]) -> bool:
        members = {member: customer for customer in customers for member in self.members_of(customer)}
        return any(
            other in members and members[other] != customer
            for member, customer in members.items()
            for other in self._apart.get(member, ())
        )

    def _unite(self, pairs: Sequence[Pair]) -> Iterator[Pair]:
        """Make one customer of all these pairs; yield those that joined two."""
        for pair in pairs:
            one, other = sorted(self._customer[member] for member in pair)
            if one == other:
                continue
            for member in self.members_of(other):
                self._customer[member] = one
            self._next[one], self._next[other] = self._next[other], self._next[one]
            yield pair


def _leader(leader: "array[int]", member: int) -> int:
    while leader[member] != member:
        leader[member] = leader[leader[member]]
        member = leader[member]
    return member
