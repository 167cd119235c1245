from dataclasses import replace

from tests.domain.routing.made import demands, denies, facts, policy, prices, routes
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.policy import DeliveryPolicy
from xconnector.domain.routing.shadow import ShadowAnswer, shadowed

COSTS = prices(email="0.02", print="0.85", portal="0")


def answers(then: DeliveryPolicy, *shadows: DecisionTable) -> list[ShadowAnswer]:
    decision = decide_delivery(then, facts())
    return [*shadowed(then, {one.name: [one] for one in shadows}, facts(), decision)]


def test_a_shadow_answers_beside_the_table_in_force() -> None:
    (answer,) = answers(policy("email"), routes("print"))
    assert (answer.in_force_row, answer.shadow_row, answer.differs) == ("L1", "L1", True)
    assert answer.in_force_sha256 == routes("email").sha256
    assert answer.shadow_sha256 == routes("print").sha256


def test_another_row_that_says_the_same_does_not_differ() -> None:
    table = routes("email")
    renamed = replace(table, rows=(replace(table.rows[0], id="N1"),))
    (answer,) = answers(policy("email"), renamed)
    assert (answer.shadow_row, answer.differs) == ("N1", False)


def test_a_shadow_without_an_answer_is_an_answer_that_differs() -> None:
    (answer,) = answers(policy("email"), replace(routes("email"), rows=()))
    assert (answer.shadow_row, answer.differs) == (None, True)
    assert answer.reason is not None
    assert "no row of table routing" in answer.reason


def test_a_shadow_is_asked_as_often_as_the_table_in_force() -> None:
    found = answers(policy("email, print", consent=denies("email")), denies("print"))
    assert [(one.in_force_row, one.shadow_row) for one in found] == [("C1", "C2"), ("C2", "C1")]


def test_a_shadow_of_costs_sees_the_hops() -> None:
    found = answers(policy("email, print", cost=COSTS), prices(email="0.03", print="0.85"))
    assert [one.differs for one in found] == [True, False]


def test_answers_that_are_told_again_are_not_asked_again() -> None:
    then = policy("email", default="print", must_send=demands(media="print"))
    assert len(answers(then, demands(media="any"))) == 1


def test_a_table_that_nobody_asked_has_no_shadow() -> None:
    assert answers(policy("email"), denies(name="another")) == []
