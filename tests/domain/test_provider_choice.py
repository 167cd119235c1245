from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.provider_choice import FULL_AFTER, LONGEST_ALONE, Health, Tally, share_out

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
ALONE = timedelta(seconds=30)
TALLIES = st.builds(Tally, good=st.integers(0, 5), slow=st.integers(0, 5), failed=st.integers(0, 5))
STEPS = st.lists(st.tuples(TALLIES, st.integers(0, 400), st.booleans(), st.booleans()), max_size=20)


def _after(steps: list[tuple[Tally, int, bool, bool]]) -> tuple[Health, datetime]:
    health, at = Health(), AT
    for tally, seconds, is_tried, at_once in steps:
        at += timedelta(seconds=seconds)
        if is_tried and health.away_until is not None and health.room(at):
            health = health.probed(at, ALONE)
        health = health.noted(tally, at, alone=ALONE, at_once=at_once)
    return health, at


@given(st.lists(STEPS, min_size=1, max_size=4), st.integers(0, 600))
def test_every_piece_has_one_provider_or_waits_and_nobody_has_more_than_its_room(
    stories: list[list[tuple[Tally, int, bool, bool]]], pieces: int
) -> None:
    known = {str(number): _after(story)[0] for number, story in enumerate(stories)}
    at = max(_after(story)[1] for story in stories)
    shares = share_out(list(known), known, pieces, at=at)

    assert sum(share.pieces for share in shares.given) + shares.left == pieces
    assert len({share.provider for share in shares.given}) == len(shares.given)
    for share in shares.given:
        room = known[share.provider].room(at)
        assert room is None or share.pieces <= room
        assert share.is_probe == (known[share.provider].away_until is not None)
    assert (shares.until is None) == (shares.left == 0)
    assert shares.until is None or at < shares.until <= at + LONGEST_ALONE


@given(STEPS, TALLIES)
def test_who_is_left_alone_comes_back_by_a_probe_alone(
    story: list[tuple[Tally, int, bool, bool]], tally: Tally
) -> None:
    health, at = _after(story)
    if health.away_until is not None and not health.probing:
        assert health.noted(tally, at, alone=ALONE) == health


def test_it_has_everything_again_only_after_so_many_good_calls() -> None:
    health = Health().noted(Tally(failed=3), AT, alone=ALONE)
    at = AT + ALONE
    assert (health.room(AT), health.room(at)) == (0, 1)

    health = health.probed(at, ALONE)
    assert health.room(at) == 0
    rooms: list[int | None] = []
    for _ in range(FULL_AFTER + 1):
        health = health.noted(Tally(good=1), at, alone=ALONE)
        rooms.append(health.room(at))
    assert rooms == [2, 4, 8, 16, 32, 64, None]


def test_one_that_fails_on_its_way_back_is_left_alone_for_twice_as_long() -> None:
    health = Health().noted(Tally(failed=3), AT, alone=ALONE)
    health = health.probed(AT + ALONE, ALONE).noted(Tally(failed=1), AT + ALONE, alone=ALONE)
    assert health.away_until == AT + 3 * ALONE


def test_few_failures_among_many_that_went_well_or_long_ago_are_nothing() -> None:
    health = Health().noted(Tally(good=10, failed=3), AT, alone=ALONE)
    assert health.away_until is None
    health = Health().noted(Tally(failed=2), AT, alone=ALONE)
    assert health.noted(Tally(failed=2), AT + timedelta(minutes=2), alone=ALONE).away_until is None
    assert health.noted(Tally(failed=2), AT, alone=ALONE).away_until == AT + ALONE


def test_slow_ones_are_left_alone_too() -> None:
    health = Health().noted(Tally(good=4, slow=5), AT, alone=ALONE)
    assert health.because == "5 of 9 took long"


def test_the_spare_takes_what_the_first_has_no_room_for() -> None:
    away = Health().noted(Tally(failed=3), AT, alone=ALONE)
    shares = share_out(["a", "b"], {"a": away}, 10, at=AT + ALONE)
    assert [(share.provider, share.pieces) for share in shares.given] == [("a", 1), ("b", 9)]
    assert shares.given[1].because == "a is left alone until 09:00:30 UTC: 3 of 3 failed"
