from dataclasses import replace

import pytest
from hypothesis import given

from tests.domain.routing.made import demands, denies, facts, made, policy
from tests.domain.routing.test_checks import outcome_of, policies
from xconnector.domain.routing.arranging import arrange
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.place import spelled_place
from xconnector.domain.routing.policy import Check, DeliveryPolicy
from xconnector.domain.routing.told_again import KeptDecisionError, steps_of


@given(policies())
def test_rows_that_were_kept_tell_every_step_again(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())
    if decision is not None:
        kept = {spelled_place(step): step.row for step in decision.steps}
        assert steps_of(kept, asked) == decision.steps


def test_what_is_arranged_beside_the_plan_is_told_again_too() -> None:
    asked = policy("print", review=made("reviews", {}, ("R1", (), {"review": "compliance"})))
    steps = arrange(asked, facts()).steps

    assert steps_of({spelled_place(step): step.row for step in steps}, asked) == steps
    assert [step.said for step in steps] == ["review: compliance"]


@pytest.mark.parametrize(
    "rows, message",
    [
        ({"preference/routing": "L9"}, "table routing never had a row L9"),
        ({"consent/nobody/email": "C1"}, "nobody asked a table nobody for consent"),
        ({"default/must_send/print": "M1"}, "a default of which nothing is known"),
    ],
)
def test_a_decision_that_does_not_fit_its_tables_is_told_as_changed(rows: dict[str, str], message: str) -> None:
    asked = policy("email", default="print", must_send=demands(), consent=denies("email"))

    with pytest.raises(KeptDecisionError, match=f"{message}: the kept decision was changed past us"):
        steps_of(rows, asked)


def test_the_tables_of_that_day_tell_what_they_said_then_whatever_they_say_now() -> None:
    then = policy("email, print", consent=denies("email", reason="no consent in June"))
    now = replace(then, checks={Check.CONSENT: (denies("email", reason="no consent in July"),)})
    kept = {spelled_place(step): step.row for step in decide_delivery(then, facts()).steps}

    assert steps_of(kept, then)[0].said == "no consent in June"
    assert steps_of(kept, now)[0].said == "no consent in July"
