from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.matching.clustering import APART, Clustering, Pair, Refusal, Union

NUMBER = 9
PAIR = st.tuples(st.integers(0, NUMBER - 1), st.integers(0, NUMBER - 1)).filter(lambda pair: pair[0] < pair[1])
BLOCK = st.sets(st.integers(0, NUMBER - 1), min_size=2, max_size=4).map(sorted)
ROUNDS = st.lists(st.lists(BLOCK, max_size=5), min_size=1, max_size=3)
BIRTHS = st.lists(st.integers(0, 3), min_size=NUMBER, max_size=NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    customers: list[tuple[int, ...]]
    unions: list[Union] = field(default_factory=list[Union])
    refusals: list[Refusal] = field(default_factory=list[Refusal])


def _cluster(
    rounds: Sequence[Sequence[Sequence[int]]],
    *,
    births: Sequence[int] = (0,) * NUMBER,
    apart: Sequence[Pair] = (),
    known: Sequence[Pair] = (),
    most: int = NUMBER,
    page: int = 100,
) -> _Done:
    clustering = Clustering(NUMBER, unless_differ=["birth_date"], apart=apart, most=most, known=known)
    for member, birth in enumerate(births):
        clustering.say(member, "birth_date", birth)
    found: list[Union | Refusal] = []
    for blocks in rounds:
        for first in range(0, len(blocks), page):
            clustering.share(blocks[first : first + page])
        found += clustering.settle()
    customers = {tuple(sorted(clustering.members_of(clustering.customer_of(member)))) for member in range(NUMBER)}
    return _Done(
        customers=sorted(customers),
        unions=[one for one in found if isinstance(one, Union)],
        refusals=[one for one in found if isinstance(one, Refusal)],
    )


@given(rounds=ROUNDS, births=BIRTHS, apart=st.lists(PAIR, max_size=3), chance=st.integers(), page=st.integers(1, 3))
def test_the_order_in_which_keys_come_decides_nothing(
    rounds: list[list[list[int]]], births: list[int], apart: list[Pair], chance: int, page: int
) -> None:
    mixed = [[Random(chance).sample(block, len(block)) for block in blocks] for blocks in rounds]
    for blocks in mixed:
        Random(chance).shuffle(blocks)

    assert _cluster(rounds, births=births, apart=apart) == _cluster(mixed, births=births, apart=apart, page=page)


@given(rounds=ROUNDS, births=BIRTHS, apart=st.lists(PAIR, max_size=3), most=st.integers(2, NUMBER))
def test_no_customer_contradicts_itself_or_is_too_large(
    rounds: list[list[list[int]]], births: list[int], apart: list[Pair], most: int
) -> None:
    for members in _cluster(rounds, births=births, apart=apart, most=most).customers:
        assert len({births[member] for member in members} - {0}) <= 1
        assert len(members) <= most
        assert not any(one in members and other in members for one, other in apart)


@given(rounds=ROUNDS)
def test_without_contradictions_who_shares_a_key_directly_or_by_others_is_one(rounds: list[list[list[int]]]) -> None:
    done = _cluster(rounds)
    one_of = {member: members for members in done.customers for member in members}

    assert all(one_of[block[0]] == one_of[member] for blocks in rounds for block in blocks for member in block)
    assert sum(len(union.links) for union in done.unions) == NUMBER - len(done.customers)
    assert done.refusals == []


@given(rounds=ROUNDS, births=BIRTHS)
def test_what_there_is_already_stays_and_merging_again_changes_nothing(
    rounds: list[list[list[int]]], births: list[int]
) -> None:
    once = _cluster(rounds, births=births)
    known = [(member, members[0]) for members in once.customers for member in members[1:]]
    again = _cluster(rounds, births=births, known=known)

    one_of = {member: members for members in again.customers for member in members}
    assert all({*members} <= {*one_of[members[0]]} for members in once.customers)
    assert all(len(union.customers) > 1 for union in again.unions)


@given(
    rounds=ROUNDS,
    births=BIRTHS,
    apart=st.lists(PAIR, max_size=3),
    most=st.integers(2, NUMBER),
    known=st.lists(PAIR, max_size=2, unique_by=lambda pair: pair[1]),
)
def test_it_decides_as_one_does_who_compares_everybody_with_everybody(
    rounds: list[list[list[int]]], births: list[int], apart: list[Pair], most: int, known: list[Pair]
) -> None:
    firsts = {first for first, _ in known}
    joined = [(member, first) for first, member in known if member not in firsts]
    done = _cluster(rounds, births=births, apart=apart, most=most, known=joined)

    assert done.customers == _compared(rounds, births, apart, most, joined)


def _compared(
    rounds: Sequence[Sequence[Sequence[int]]],
    births: Sequence[int],
    apart: Sequence[Pair],
    most: int,
    known: Sequence[Pair],
) -> list[tuple[int, ...]]:
    """Cluster without any cleverness."""
    customers = [{member} for member in range(NUMBER)]
    customers = _joined(customers, known)
    for blocks in rounds:
        shared = [(one, other) for block in blocks for one, other in combinations(block, 2)]
        for group in _joined(customers, shared):
            within = [one for one in customers if one <= group]
            contradict = any(_contradict(one, other, births, apart) for one, other in combinations(within, 2))
            if not contradict and len(group) <= most:
                customers = [one for one in customers if not one <= group] + [group]
    return sorted(tuple(sorted(one)) for one in customers)


def _contradict(one: set[int], other: set[int], births: Sequence[int], apart: Sequence[Pair]) -> bool:
    said = [{births[member] for member in members} - {0} for members in (one, other)]
    return (all(said) and len(said[0] | said[1]) > 1) or any({*pair} & one and {*pair} & other for pair in apart)


def _joined(customers: Sequence[set[int]], pairs: Sequence[Pair]) -> list[set[int]]:
    joined = [*customers]
    for one, other in pairs:
        with_one = next(group for group in joined if one in group)
        with_other = next(group for group in joined if other in group)
        if with_one is not with_other:
            joined = [group for group in joined if group not in (with_one, with_other)] + [with_one | with_other]
    return joined


def test_a_long_chain_whose_ends_contradict_each_other_is_refused_as_a_whole() -> None:
    number = 20_000
    clustering = Clustering(number, unless_differ=["birth_date"], apart=[(0, number - 1)], most=number, known=())
    for member in (0, number - 1):
        clustering.say(member, "birth_date", member + 1)
    clustering.share([number - at - 2, number - at - 1] for at in range(number - 1))
    (refusal,) = clustering.settle()

    assert isinstance(refusal, Refusal)
    assert (len(refusal.pairs), refusal.differ) == (number - 1, ("birth_date", APART))


def test_of_three_in_a_row_whose_ends_contradict_each_other_nobody_is_merged_and_people_are_asked() -> None:
    done = _cluster([[[0, 1], [1, 2]]], births=[1, 0, 2, 0, 0, 0, 0, 0, 0])

    assert done.unions == []
    assert done.refusals == [Refusal(pairs=((0, 1), (1, 2)), differ=("birth_date",))]


def test_the_stronger_rule_decides_who_of_the_two_it_is() -> None:
    done = _cluster([[[0, 1]], [[1, 2]]], births=[1, 0, 2, 0, 0, 0, 0, 0, 0])

    assert done.customers[:2] == [(0, 1), (2,)]
    assert [refusal.pairs for refusal in done.refusals] == [((1, 2),)]


def test_a_new_member_joins_the_customer_that_there_is() -> None:
    (union,) = _cluster([[[2, 5]]], known=[(2, 1), (7, 1)]).unions

    assert union.customers == ((1, 2, 7), (5,))
    assert union.links == ((2, 5),)


def test_what_a_steward_merged_in_spite_of_a_contradiction_is_not_asked_about_again() -> None:
    done = _cluster([[[1, 2]]], births=[0, 1, 0, 0, 0, 0, 0, 2, 0], known=[(7, 1)])
    contradicted = _cluster([[[1, 2]]], births=[0, 1, 1, 0, 0, 0, 0, 2, 0], known=[(7, 1)])

    assert done.refusals == []
    assert [refusal.differ for refusal in contradicted.refusals] == [("birth_date",)]


def test_who_is_said_to_be_two_customers_is_never_merged() -> None:
    assert [refusal.differ for refusal in _cluster([[[0, 1], [1, 2]]], apart=[(0, 2)]).refusals] == [(APART,)]
