from collections.abc import Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.decision.order import moved

NAMES = "abcdef"


@given(st.permutations(NAMES), st.permutations(NAMES), st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_the_fewest_names_are_moved_that_explain_the_order(
    one: list[str], other: list[str], gone: set[str], come: set[str]
) -> None:
    old = [name for name in one if name not in come]
    new = [name for name in other if name not in gone]
    kept = [name for name in new if name in old]

    found = moved(old, new)

    assert explains(found, old, kept)
    for fewer in combinations(kept, len(found) - 1) if found else ():
        assert not explains(fewer, old, kept)


def explains(names: Sequence[str], old: list[str], kept: list[str]) -> bool:
    """Say whether all others stand in their old order."""
    stay = [name for name in kept if name not in names]
    return stay == [name for name in old if name in stay]


def test_one_name_that_goes_to_the_top_is_the_one_that_moved() -> None:
    assert moved("abcdef", "fabcde") == ["f"]
