from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.matching.keys import comparable
from xconnector.domain.matching.nothing import NOTHING, names_nobody


@given(word=st.sampled_from(sorted(NOTHING)), around=st.sampled_from(["", " ", "\t"]), loud=st.booleans())
def test_a_word_for_no_value_names_nobody_unless_it_may_be_a_key(word: str, around: str, *, loud: bool) -> None:
    may_be_a_key = word in {"test", "dummy", "tbd", "xxx", "0"}

    assert names_nobody(around + (word.upper() if loud else word) + around) is not may_be_a_key
    assert comparable("name", word) is None


@given(st.text("0123456789ABCK-", min_size=1))
def test_what_looks_like_a_key_is_one(key: str) -> None:
    assert not names_nobody(key)


def test_nothing_at_all_names_nobody() -> None:
    assert names_nobody("")
    assert names_nobody("  ")
