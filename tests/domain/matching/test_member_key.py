from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.matching.member_key import own_key

TEXT = st.text(alphabet="a:%3A", max_size=6)


def test_the_source_stands_in_front() -> None:
    assert own_key("crm", "4711") == "crm:4711"


@given(one=st.tuples(TEXT, TEXT), other=st.tuples(TEXT, TEXT))
def test_two_sources_never_have_the_same_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (own_key(*one) == own_key(*other)) is (one == other)
