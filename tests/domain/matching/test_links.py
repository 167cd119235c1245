from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.matching.links import STEWARD, Link, LinkAction, groups_of, link_that_joined, links_of

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MEMBERS = ("A", "B", "C", "D", "E", "F")
PAIRS = st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS)), max_size=12)


def _link(one: str, other: str) -> Link:
    return Link.between(one, other, LinkAction.LINKED, basis=STEWARD, actor="ann", at=NOW, reason=None)


def _forest(pairs: list[tuple[str, str]]) -> list[Link]:
    """Links as they come about: only between two customers."""
    links: list[Link] = []
    for one, other in pairs:
        if not any(one in group and other in group for group in groups_of(MEMBERS, links)):
            links.append(_link(one, other))
    return links


@given(pairs=PAIRS, order=st.randoms(use_true_random=False))
def test_who_is_one_with_whom_does_not_depend_on_the_order(pairs: list[tuple[str, str]], order: object) -> None:
    links = _forest(pairs)
    mixed = links[:]
    order.shuffle(mixed)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - hypothesis types it as Random only at run time

    groups = groups_of(MEMBERS, links)
    assert groups == groups_of(MEMBERS, mixed)
    assert sorted(member for group in groups for member in group) == sorted(MEMBERS)
    assert len(groups) == len(MEMBERS) - len(links)


@given(pairs=PAIRS, later=PAIRS)
def test_cutting_the_link_that_joined_two_leaves_them_as_they_were(
    pairs: list[tuple[str, str]], later: list[tuple[str, str]]
) -> None:
    """Merge and part again is as before, whatever came after it joined elsewhere."""
    before = _forest(pairs)
    links = _forest([*pairs, ("A", "F"), *later])

    joined = link_that_joined(links, "A", "F")
    assert joined is not None
    index = links.index(joined)
    assert not any("A" in group and "F" in group for group in groups_of(MEMBERS, links[:index]))
    assert not any("A" in g and "F" in g for g in groups_of(MEMBERS, [link for link in links if link is not joined]))
    if not any("A" in group and "F" in group for group in groups_of(MEMBERS, before)):
        assert groups_of(MEMBERS, [link for link in links[: index + 1] if link is not joined]) == groups_of(
            MEMBERS, before
        )


def test_two_that_are_not_one_have_no_link_that_joined_them() -> None:
    assert link_that_joined([_link("A", "B")], "A", "C") is None


def test_the_links_of_a_member_are_those_that_hold_it_directly() -> None:
    links = [_link("A", "B"), _link("C", "B"), _link("C", "D")]

    assert links_of("B", links) == links[:2]
    assert (links[1].first_key, links[1].second_key) == ("B", "C")
