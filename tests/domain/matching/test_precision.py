from itertools import combinations
from random import Random

from tests.domain.matching.people import SHARED_MAIL, people
from xconnector.domain.matching.clustering import Clustering
from xconnector.domain.matching.keys import KeyRule, MatchingRules

RULES = MatchingRules(
    rules=[
        KeyRule(fields=("tax_id",)),
        KeyRule(fields=("email", "birth_date")),
        KeyRule(fields=("last_name", "birth_date", "postcode")),
    ],
    unless_differ=("birth_date", "tax_id"),
    ignore={"email": frozenset({SHARED_MAIL})},
)
LEAST_PRECISION = 0.99
LEAST_RECALL = 0.6


def measured(number: int, chance: Random, rules: MatchingRules) -> tuple[float, float]:
    """Return precision and recall, by pairs, of what the rules make of a population."""
    told = list(people(number, chance))
    clustering = Clustering(len(told), unless_differ=rules.unless_differ, apart=(), most=rules.most)
    blocks: list[dict[tuple[str, ...], list[int]]] = [{} for _ in rules.rules]
    digests: dict[str, int] = {}
    for member, (_, said) in enumerate(told):
        values = rules.values(said)
        for name in rules.unless_differ:
            clustering.say(member, name, digests.setdefault(values[name], len(digests) + 1) if name in values else 0)
        for of_rule, key in zip(blocks, rules.keys(values), strict=True):
            if key is not None:
                of_rule.setdefault(key, []).append(member)
    for of_rule in blocks:
        clustering.share(members for members in of_rule.values() if len(members) <= rules.most)
        list(clustering.settle())
    found = _pairs([clustering.customer_of(member) for member in range(len(told))])
    true = _pairs([person for person, _ in told])
    return len(found & true) / len(found), len(found & true) / len(true)


def _pairs(owners: list[int]) -> set[tuple[int, int]]:
    of_owner: dict[int, list[int]] = {}
    for member, owner in enumerate(owners):
        of_owner.setdefault(owner, []).append(member)
    return {pair for members in of_owner.values() for pair in combinations(members, 2)}


def test_hardly_anybody_is_merged_with_somebody_else() -> None:
    precision, recall = measured(3000, Random(4711), RULES)

    assert precision >= LEAST_PRECISION
    assert recall >= LEAST_RECALL


def test_a_weak_rule_that_contradictions_do_not_hold_back_is_seen_by_this_measure() -> None:
    """The test above can fail: by the mailbox alone, families are one."""
    weak = MatchingRules(rules=[KeyRule(fields=("email",))], most=10_000)
    precision, _ = measured(3000, Random(4711), weak)

    assert precision < LEAST_PRECISION
