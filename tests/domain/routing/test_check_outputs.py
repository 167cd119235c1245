from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.made import demands, denies, facts, made, opens, policy, prices, routes, wants_consent
from xconnector.domain.decision.table import DecisionTable, HitPolicy
from xconnector.domain.decision.values import Value
from xconnector.domain.routing.check_outputs import CheckOutputError, output_mistakes
from xconnector.domain.routing.checks import NothingLeftError, decide_delivery
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import PERMISSIONS, Check

GOOD: Mapping[Check, DecisionTable] = {
    Check.MUST_SEND: demands("yes", "print, portal", "certified", "5"),
    **dict.fromkeys(PERMISSIONS, wants_consent()),
    Check.QUIET_HOURS: opens("08:00", "21:00", "sms"),
    Check.COST: prices(print="0.85"),
}
CHECKED = [*GOOD]


def odd_row(check: Check, output: str, value: Value | None) -> DecisionTable:
    """A good table of a check, in whose first row one output says something else."""
    table = GOOD[check]
    first = replace(table.rows[0], then={**table.rows[0].then, output: value})
    return replace(table, rows=(first, *table.rows[1:]))


@pytest.mark.parametrize("check", CHECKED)
def test_a_table_that_says_what_its_check_needs_has_no_mistake(check: Check) -> None:
    assert [*output_mistakes(check, GOOD[check])] == []


@pytest.mark.parametrize("check", [Check.PREFERENCE, Check.DEFAULT, Check.REVIEW])
def test_a_check_without_outputs_of_ours_finds_nothing(check: Check) -> None:
    assert [*output_mistakes(check, routes("print"))] == []


@pytest.mark.parametrize("check", CHECKED)
def test_an_output_that_is_not_there_is_told_with_the_column_to_add(check: Check) -> None:
    bare = made("bare", {}, ("R1", (), {"sent": "yes"}))
    mistakes = [*output_mistakes(check, bare)]

    assert {mistake.row for mistake in mistakes} == {None}
    assert all(mistake.remedy.startswith(("add a column `then ", "leave it out")) for mistake in mistakes)
    assert any("reads no output `sent`" in mistake.message for mistake in mistakes)


def test_a_table_that_collects_gives_no_single_answer() -> None:
    collecting = replace(GOOD[Check.COST], hit=HitPolicy.COLLECT)

    assert [mistake.remedy for mistake in output_mistakes(Check.COST, collecting)] == ["write hit: first"]


@pytest.mark.parametrize(
    "check, output, value, remedy",
    [
        (Check.MUST_SEND, "mandatory", "perhaps", "`yes` or `no`"),
        (Check.MUST_SEND, "mandatory", Decimal(1), "`yes` or `no`"),
        (Check.MUST_SEND, "media", "fax", "print, email, sms, portal, push"),
        (Check.MUST_SEND, "media", "print,", "print, email, sms, portal, push"),
        (Check.MUST_SEND, "media", None, "print, email, sms, portal, push"),
        (Check.MUST_SEND, "proof", "luck", "certificate of mailing"),
        (Check.MUST_SEND, "within days", "2.5", "a whole number of days"),
        (Check.MUST_SEND, "within days", Decimal("2.5"), "a whole number of days"),
        (Check.MUST_SEND, "within days", Decimal(-1), "a whole number of days"),
        (Check.MUST_SEND, "within days", "soon", "a whole number of days"),
        (Check.CONSENT, "send", "maybe", "`yes` or `no`"),
        (Check.CONSENT, "send", None, "`yes` or `no`"),
        (Check.CONSENT, "send", "no", "a few words"),
        (Check.QUIET_HOURS, "opens", "8:00", "08:00"),
        (Check.QUIET_HOURS, "closes", "24:00", "08:00"),
        (Check.QUIET_HOURS, "closes", "-", "08:00"),
        (Check.QUIET_HOURS, "closes", "08:00", "`-` in both|- in both"),
        (Check.COST, "cost", "-1", "0.85"),
        (Check.COST, "cost", Decimal(-1), "0.85"),
        (Check.COST, "cost", "free", "0.85"),
        (Check.COST, "cost", None, "0.85"),
        (Check.COST, "cost", Decimal("NaN"), "0.85"),
    ],
)
def test_a_cell_that_says_something_odd_is_told_with_its_row_and_what_to_write(
    check: Check, output: str, value: Value | None, remedy: str
) -> None:
    table = odd_row(check, output, value)
    [mistake] = output_mistakes(check, table)

    assert mistake.row == table.rows[0].id
    assert any(words in mistake.remedy for words in remedy.split("|"))


ODD = st.sampled_from(
    ["yes", "no", "-", "none", "print", "08:00", "tracked", "5", True, Decimal(5), Decimal("0.5"), None]
)


@given(st.sampled_from(CHECKED), st.data())
def test_a_table_without_a_mistake_never_says_something_odd_and_one_with_a_mistake_does(
    check: Check, drawn: st.DataObject
) -> None:
    outputs = GOOD[check].output_names
    table = made("any", {}, ("R1", (), {name: drawn.draw(ODD) for name in outputs}))
    asked = replace(policy("print", default="print"), checks={check: (table,)})
    is_mistaken = bool([*output_mistakes(check, table)])
    try:
        decide_delivery(asked, facts())
    except CheckOutputError as refused:
        assert is_mistaken, refused  # noqa: PT017 - whether it raises is what is compared
    except NothingLeftError:
        assert not is_mistaken
    else:
        assert not is_mistaken


def test_yes_numbers_and_times_are_read_from_text_as_well_as_from_typed_outputs() -> None:
    typed = made(
        "typed", {}, ("M1", (), {"mandatory": True, "media": "any", "proof": "none", "within days": Decimal(5)})
    )
    for table in (typed, demands(days="5")):
        decision = decide_delivery(policy("print", must_send=table), facts())
        assert (decision.is_mandatory, decision.leave_within) == (True, 5)


def test_a_denial_says_its_reason_and_a_permission_that_it_may_be_used() -> None:
    decision = decide_delivery(
        policy("email, print", consent=denies("email", reason="no consent for statements")), facts()
    )

    assert [(step.medium, step.said) for step in decision.steps if step.check is Check.CONSENT] == [
        (Medium.EMAIL, "no consent for statements"),
        (Medium.PRINT, "may be used"),
    ]
