from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.headcount import Headcount


@given(st.lists(st.text(max_size=2)))
def test_everybody_counts_once(names: list[str]) -> None:
    count = Headcount()
    for name in names:
        count.add(name)
    assert len(count) == len(set(names))
