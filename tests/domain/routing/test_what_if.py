from decimal import Decimal

from tests.domain.routing.made import demands, denies, facts, policy, prices, routes
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.policy import DeliveryPolicy
from xconnector.domain.routing.what_if import NO_WAY, NOT_SENT, Consequences, Rerouted, WhatIf, with_table

COSTS = prices(email="0.02", print="0.85", portal="0")


def changed(then: DeliveryPolicy, table: DecisionTable, *, times: int = 1) -> tuple[Rerouted, Consequences]:
    """What becomes of deliveries that were decided by a policy when one table is changed."""
    now = with_table(then, table)
    assert now is not None
    gathered = WhatIf()
    old = decide_delivery(then, facts()).outcome
    rerouted = [gathered.decide(f"c{number}", old, now, facts()) for number in range(times)]
    return rerouted[-1], gathered.consequences()


def test_what_goes_by_another_first_channel_is_counted_with_what_it_costs() -> None:
    one, found = changed(policy("email, print", cost=COSTS), routes("print"), times=3)
    (channels,) = found.channels
    assert (channels.old, channels.new, channels.number) == ("email", "print", 3)
    assert (one.old_cost, one.new_cost) == (Decimal("0.02"), Decimal("0.85"))
    assert found.first_hops.difference == Decimal("2.49")
    assert found.whole_plans.difference == Decimal("-0.06")


def test_another_proof_or_wait_is_another_way_by_the_same_channel() -> None:
    one, found = changed(policy("print, email"), routes("print with certified, email"))
    assert one.is_another
    assert found.other_ways == 1
    assert (found.channels[0].old, found.channels[0].new) == ("print", "print")


def test_the_same_table_reroutes_nothing() -> None:
    one, found = changed(policy("email, print", cost=COSTS), routes("email, print"))
    assert not one.is_another
    assert (found.other_ways, found.first_hops.difference) == (0, 0)


def test_what_would_no_longer_be_sent_is_counted_by_its_reason() -> None:
    one, found = changed(policy("email", consent=denies()), denies("email", reason="consent expired"))
    assert one.new_channel == NOT_SENT
    (reason,) = found.newly_suppressed
    assert (reason.reason, reason.number, reason.examples) == ("consent expired", 1, ("c0",))


def test_what_would_be_sent_after_all_is_counted() -> None:
    _, found = changed(policy("suppress: not now"), routes("email"))
    assert found.newly_sent == 1


def test_what_must_be_sent_and_finds_no_way_is_told_with_examples() -> None:
    then = policy("email", default="print", must_send=demands(), consent=denies())
    one, found = changed(then, denies("email", "print"), times=7)
    assert one.new_channel == NO_WAY
    (reason,) = found.left_without_way
    assert (reason.number, reason.examples) == (7, ("c0", "c1", "c2", "c3", "c4"))


def test_a_table_without_an_answer_is_told_and_nothing_is_dropped() -> None:
    nothing = DecisionTable(name="routing", inputs=(), outputs=routes("email").outputs, rows=())
    _, found = changed(policy("email"), nothing)
    assert [one.number for one in found.without_answer] == [1]
    assert found.decided == sum(one.number for one in found.channels) == 1


def test_costs_are_summed_where_they_are_known_before_and_after() -> None:
    _, found = changed(policy("email"), routes("print"))
    assert found.without_cost == 1
    assert found.first_hops.before == found.first_hops.after == 0


def test_what_is_not_sent_costs_nothing() -> None:
    _, found = changed(policy("email", cost=COSTS), routes("suppress: not now"))
    assert found.first_hops.difference == Decimal("-0.02")


def test_a_policy_without_a_table_of_the_name_stays() -> None:
    assert with_table(policy("email"), denies(name="another")) is None
