from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.identity import content_id, time_ordered_id

moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    datetime(9999, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
chances = st.binary(min_size=10, max_size=16)


@given(moments, chances)
def test_it_is_a_uuid_of_version_7(now: datetime, chance: bytes) -> None:
    identity = time_ordered_id(now, chance)

    assert identity.version == 7
    assert identity.variant == RFC_4122
    assert identity.int >> 80 == (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@given(moments, moments, chances, chances)
def test_ids_sort_as_their_times(one: datetime, other: datetime, chance: bytes, other_chance: bytes) -> None:
    earlier, later = sorted([one, other])
    if later - earlier >= timedelta(milliseconds=1):
        assert time_ordered_id(earlier, chance) < time_ordered_id(later, other_chance)


@given(moments, chances, chances)
def test_ids_of_one_moment_differ_by_chance(now: datetime, chance: bytes, other: bytes) -> None:
    used = [int.from_bytes(each[:10], "big") & ((1 << 74) - 1) for each in (chance, other)]

    assert (time_ordered_id(now, chance) == time_ordered_id(now, other)) is (used[0] == used[1])


def test_too_little_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        time_ordered_id(datetime(2026, 1, 1, tzinfo=UTC), b"123456789")


@given(st.lists(st.none() | st.text(max_size=3), max_size=4), st.lists(st.none() | st.text(max_size=3), max_size=4))
def test_the_same_words_have_one_id_and_others_another(one: list[str | None], other: list[str | None]) -> None:
    assert (content_id(*one) == content_id(*other)) is (one == other)
    assert content_id(*one).version == 8
