from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from tests.domain.routing.made import MEDIA, demands, denies, facts, policy, prices, wants_consent
from tests.domain.routing.test_checks import connections, outcome_of, policies
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.plan import Medium, Suppression
from xconnector.domain.routing.policy import DeliveryDecision, DeliveryPolicy
from xconnector.domain.routing.why import in_full, sentence


def why(asked: DeliveryPolicy, connection: str | None, *, cause: str | None = None, **consents: str) -> str:
    return sentence(decide_delivery(asked, facts(consents=consents)), MEDIA, connection, cause=cause)


def test_the_route_itself_says_so() -> None:
    assert why(policy("print, email"), "print") == "It goes to print because row L1 of routing says so (§ L1)."


def test_what_was_taken_away_before_it_is_told_with_row_and_law() -> None:
    assert why(policy("email, print", consent=wants_consent("consent_us")), "print", email="withdrawn") == (
        "It goes to print because e-mail was taken away: no consent (row C3 of consent_us, § C3); "
        "print is next in row L1 of routing."
    )


def test_several_that_were_taken_away_are_told_in_the_order_of_the_route() -> None:
    asked = policy(
        "email, sms, courier", suppression=denies("sms", name="stop", reason="number unknown"), consent=denies("email")
    )

    assert why(asked, "courier") == (
        "It goes to print (courier) because e-mail was taken away: no consent (row C1 of consent, § C1), "
        "and text message was taken away: number unknown (row C1 of stop, § C1); courier is next in row L1 of routing."
    )


def test_the_cause_why_a_hop_before_it_failed_is_told_first() -> None:
    assert why(policy("email, print"), "print", cause="the e-mail bounced") == (
        "It goes to print because the e-mail bounced; print is next in row L1 of routing."
    )


def test_what_was_taken_away_before_the_hop_that_failed_is_not_told_again() -> None:
    asked = policy("sms, portal, print", consent=denies("sms"))

    assert why(asked, "print", cause="nobody looked at it") == (
        "It goes to print because nobody looked at it; print is next in row L1 of routing."
    )


def test_a_later_hop_is_told_as_what_comes_when_the_one_before_fails() -> None:
    assert why(policy("portal for 5 days, sms, print", consent=denies("sms")), "print") == (
        "It goes to print when portal does not reach the customer: text message was taken away: no consent "
        "(row C1 of consent, § C1); print is next in row L1 of routing."
    )


def test_the_default_is_told_with_the_law_that_wants_it_sent() -> None:
    asked = policy("email", default="print", must_send=demands(), consent=denies("email"))

    assert why(asked, "print") == (
        "It goes to print because e-mail was taken away: no consent (row C1 of consent, § C1); "
        "it must be sent (row M1 of must_send, § M1), and print takes what is left."
    )


def test_a_suppression_that_a_law_overrules_is_told() -> None:
    assert why(policy("suppress: unwanted", default="print", must_send=demands()), "print") == (
        "It goes to print because row L1 of routing may not suppress it: "
        "it must be sent (row M1 of must_send, § M1), and print takes what is left."
    )


def test_the_cheaper_of_two_is_told_with_its_cost() -> None:
    assert why(policy("email or portal, print", cost=prices(email="2", portal="0")), "portal") == (
        "It goes to the portal because row L1 of routing leaves open e-mail or portal, and portal costs least "
        "(row K1 of costs, § K1)."
    )


def test_a_suppression_by_the_route_is_told_with_its_reason() -> None:
    assert why(policy("suppress: not wanted"), None) == (
        "It was not sent because row L1 of routing suppresses it: not wanted (§ L1)."
    )


def test_a_suppression_for_want_of_a_medium_is_told_with_every_denial() -> None:
    assert why(policy("email, courier", consent=denies("email", "print")), None) == (
        "It was not sent because e-mail was taken away: no consent (row C1 of consent, § C1), "
        "and print was taken away: no consent (row C1 of consent, § C1)."
    )


@pytest.mark.parametrize(
    "connection, said",
    [
        ("email", "It does not go by e-mail: no consent (row C1 of consent, § C1)."),
        ("sms", "It does not go by text message: row L1 of routing does not name sms."),
        ("fax", "It does not go through fax: row L1 of routing does not name fax."),
    ],
)
def test_a_way_that_it_does_not_take_is_told_too(connection: str, said: str) -> None:
    assert why(policy("email, print", consent=denies("email")), connection) == said


def test_the_full_account_has_a_line_for_each_row_in_the_order_of_the_checks() -> None:
    asked = policy("email, print", must_send=demands(days="5"), consent=denies("email"), cost=prices(print="0.85"))
    steps = decide_delivery(asked, facts()).steps

    expected = [
        "1. must send: must be sent, within 5 days (row M1 of must_send, § M1)",
        "2. consent, e-mail: taken away: no consent (row C1 of consent, § C1)",
        "3. consent, print: may be used (row C2 of consent, § C2)",
        "4. preference: email, print (row L1 of routing, § L1)",
        "5. cost, print: print costs 0.85 a piece (row K0 of costs, § K0)",
    ]
    assert in_full(steps) == expected
    assert in_full(steps[3:] + steps[:3]) == expected


def test_a_row_without_a_law_is_told_without_one() -> None:
    decision = decide_delivery(policy("print"), facts())
    bare = replace(decision, steps=tuple(replace(step, cite=None) for step in decision.steps))

    assert sentence(bare, MEDIA, "print") == "It goes to print because row L1 of routing says so."
    assert in_full(bare.steps) == ["1. preference: print (row L1 of routing)"]


@given(policies())
def test_every_hop_and_every_suppression_has_its_sentence(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())
    if decision is None:
        return
    for connection in connections(decision) or [None]:
        said = sentence(decision, MEDIA, connection)
        assert said.startswith("It was not sent because " if connection is None else "It goes ")
        assert said.endswith(".")
        assert "row " in said
    assert len(in_full(decision.steps)) == len(decision.steps)


@given(policies())
def test_a_sentence_names_only_what_the_tables_say(asked: DeliveryPolicy) -> None:
    secret: Mapping[str, Any] = {"customer.name": "Sämann"}
    decision = outcome_of(asked, facts(secret))
    if decision is not None:
        told = [sentence(decision, MEDIA, one) for one in (*connections(decision), *MEDIA)]
        assert not any("Sämann" in line for line in (*told, *in_full(decision.steps)))


def test_steps_that_were_kept_tell_the_same_as_the_decision_itself() -> None:
    decided = decide_delivery(policy("email, print", consent=denies("email")), facts())
    kept = DeliveryDecision(
        outcome=decided.outcome,
        steps=tuple(replace(step, medium=Medium(str(step.medium)) if step.medium else None) for step in decided.steps),
    )

    assert sentence(kept, MEDIA, "print") == sentence(decided, MEDIA, "print")
    assert sentence(replace(kept, outcome=Suppression(reason="-")), MEDIA).startswith("It was not sent because")
