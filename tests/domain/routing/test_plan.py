from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.routing.plan import DeliveryPlan


@given(st.lists(st.text(min_size=1), max_size=5), st.integers(-3, 8))
def test_a_plan_gives_its_hops_in_order_and_none_past_its_ends(names: list[str], index: int) -> None:
    hop = DeliveryPlan.through(*names).hop(index)

    assert (hop.connection if hop else None) == (names[index] if 0 <= index < len(names) else None)
