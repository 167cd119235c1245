from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from itertools import pairwise
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.decision.made import one_of
from tests.domain.routing.made import (
    DAY,
    MEDIA,
    demands,
    denies,
    facts,
    made,
    opens,
    policy,
    prices,
    wants_consent,
)
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.deciding import DecisionError, MissingInputError, compiled
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.check_outputs import CheckOutputError
from xconnector.domain.routing.checks import (
    NoMediumError,
    NothingLeftError,
    decide_delivery,
    quiet_windows,
)
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Medium, ProofOfMailing, Suppression
from xconnector.domain.routing.policy import PERMISSIONS, Check, DeliveryDecision, DeliveryPolicy, Facts
from xconnector.domain.routing.route_cell import Proposal, proposal_of
from xconnector.domain.routing.windows import Window


def connections(decision: DeliveryDecision) -> tuple[str, ...]:
    outcome = decision.outcome
    return tuple(hop.connection for hop in outcome.hops) if isinstance(outcome, DeliveryPlan) else ()


def outcome_of(asked: DeliveryPolicy, told: Facts) -> DeliveryDecision | None:
    """What is decided, None where nothing is left of what must be sent."""
    try:
        return decide_delivery(asked, told)
    except NothingLeftError:
        return None


# ---------------------------------------------------------------------------- what is made up

NAMES = [*MEDIA]
ALL_MEDIA = [medium.value for medium in Medium]


@st.composite
def cells(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 7)) == 0:
        return "suppress: not wanted"
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    words = [names[0], *(draw(st.sampled_from([" or ", ", ", " for 5 days, "])) + name for name in names[1:])]
    return "".join(words)


def denying(check: Check) -> st.SearchStrategy[tuple[DecisionTable, ...]]:
    media = st.lists(st.sampled_from(ALL_MEDIA), max_size=2, unique=True)
    return st.lists(media, max_size=2).map(
        lambda several: tuple(
            denies(*one, name=f"{check.name.lower()}_{at}", reason=f"{check} {at}") for at, one in enumerate(several)
        )
    )


DEMANDS = st.lists(
    st.tuples(
        st.sampled_from(["yes", "no"]),
        st.sampled_from(["any", "print", "print, portal", "email, print, sms"]),
        st.sampled_from(["none", *ProofOfMailing]),
        st.sampled_from(["none", "0", "5", "30"]),
    ),
    max_size=2,
).map(lambda several: tuple(demands(*one, name=f"must_send_{at}") for at, one in enumerate(several)))


@st.composite
def policies(draw: st.DrawFn) -> DeliveryPolicy:
    checks = {check: draw(denying(check)) for check in PERMISSIONS}
    checks[Check.MUST_SEND] = draw(DEMANDS)
    costs = draw(st.lists(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["0", "0.5", "1", "2"])), max_size=2))
    checks[Check.COST] = tuple(prices(name=f"costs_{at}", **one) for at, one in enumerate(costs))
    checks[Check.QUIET_HOURS] = (opens("08:00", "21:00", "sms", "push"),)
    present = {check: tables for check, tables in checks.items() if tables}
    drawn = policy(draw(cells()), default=draw(st.none() | st.sampled_from(NAMES)))
    return replace(drawn, checks=present)


def denied(asked: DeliveryPolicy) -> set[str]:
    """The media that some table takes away, told from the tables and not from the decision."""
    media: set[str] = set()
    for check in PERMISSIONS:
        for table in asked.checks.get(check, ()):
            media |= {
                one for one in ALL_MEDIA for row in table.rows[:1] if row.then["send"] == "no" and one in str(row.when)
            }
    for table in asked.checks.get(Check.MUST_SEND, ()):
        allowed = str(table.rows[0].then["media"])
        media |= {one for one in ALL_MEDIA if allowed != "any" and one not in allowed.split(", ")}
    return media


def is_mandatory(asked: DeliveryPolicy) -> bool:
    return any(table.rows[0].then["mandatory"] == "yes" for table in asked.checks.get(Check.MUST_SEND, ()))


# ---------------------------------------------------------------------------- what always holds


@given(policies())
def test_the_plan_is_what_the_route_proposes_without_all_that_any_table_takes_away(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())
    proposed = proposal_of(str(asked.route.rows[0].then["route"]))
    wished = proposed.connections if isinstance(proposed, Proposal) else ()
    left = {name for name in wished if MEDIA[name] not in denied(asked)}
    if is_mandatory(asked) and asked.default is not None and MEDIA[asked.default] not in denied(asked):
        left.add(asked.default)

    assert {*(connections(decision) if decision else ())} == left


@given(policies())
def test_what_must_be_sent_is_sent_or_fails_and_is_never_suppressed(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())

    if is_mandatory(asked):
        assert decision is None or isinstance(decision.outcome, DeliveryPlan)
    else:
        assert decision is not None


@given(policies())
def test_what_must_be_sent_has_the_default_in_its_plan_last_unless_the_route_names_it(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())
    default = asked.default
    if decision is None or not is_mandatory(asked) or default is None or MEDIA[default] in denied(asked):
        return
    proposed = proposal_of(str(asked.route.rows[0].then["route"]))
    is_named = isinstance(proposed, Proposal) and default in proposed.connections

    assert default in connections(decision)
    assert is_named or connections(decision)[-1] == default


@given(policies(), st.sampled_from(PERMISSIONS), st.sampled_from(ALL_MEDIA))
def test_taking_a_medium_away_never_adds_a_hop(asked: DeliveryPolicy, check: Check, medium: str) -> None:
    before = outcome_of(asked, facts())
    stricter = replace(
        asked, checks={**asked.checks, check: (*asked.checks.get(check, ()), denies(medium, name="new"))}
    )
    after = outcome_of(stricter, facts())

    assert {*(connections(after) if after else ())} <= {*(connections(before) if before else ())}


@given(policies(), st.sampled_from([one.value for one in Medium]), st.sampled_from(["withdrawn", "expired", "never"]))
def test_removing_a_consent_never_adds_a_hop(asked: DeliveryPolicy, medium: str, stand: str) -> None:
    consenting = replace(asked, checks={**asked.checks, Check.CONSENT: (wants_consent(),)})
    before, after = (outcome_of(consenting, told) for told in (facts(), facts(consents={medium: stand})))

    assert {*(connections(after) if after else ())} <= {*(connections(before) if before else ())}


@given(policies())
def test_the_order_of_tables_inside_a_check_does_not_matter_for_the_plan(asked: DeliveryPolicy) -> None:
    turned = replace(asked, checks={check: tables[::-1] for check, tables in asked.checks.items()})
    one, other = outcome_of(asked, facts()), outcome_of(turned, facts())

    assert (one and connections(one)) == (other and connections(other))
    if one and other and connections(one):
        assert (one.outcome, one.is_mandatory, one.leave_within) == (
            other.outcome,
            other.is_mandatory,
            other.leave_within,
        )


@given(policies())
def test_steps_stand_in_the_order_of_the_checks(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())
    places = [[*Check].index(step.check) for step in (decision.steps if decision else ())]

    assert all(one <= next_one for one, next_one in pairwise(places))


@given(policies())
def test_no_table_is_asked_about_a_medium_that_was_taken_away(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())
    gone: set[Medium] = set()
    for step in decision.steps if decision else ():
        assert step.medium not in gone
        if step.takes_away and step.medium is not None:
            gone.add(step.medium)


@pytest.mark.parametrize(
    "check, place",
    [
        (Check.CONSENT, "consent/asks/email"),
        (Check.QUIET_HOURS, "quiet hours/asks/email"),
        (Check.COST, "cost/asks/email/email"),
        (Check.MUST_SEND, "must send/asks"),
    ],
)
def test_what_has_no_answer_is_told_with_its_place(check: Check, place: str) -> None:
    silent = made("asks", {"nobody knows": Kind.TEXT}, ("A1", (one_of("x"),), {"send": "yes", "reason": "-"}))
    with pytest.raises(MissingInputError) as raised:
        decide_delivery(replace(policy("email"), checks={check: (silent,)}), facts())
    assert raised.value.place == place


@given(policies())
def test_the_same_facts_and_tables_always_decide_the_same(asked: DeliveryPolicy) -> None:
    before = outcome_of(asked, facts({"a": 2, "b": 1}))

    anew = facts({"b": 1, "a": 2})
    turned = replace(
        anew,
        common=dict(reversed(list(anew.common.items()))),
        by_medium=dict(reversed(list(anew.by_medium.items()))),
    )
    # Nothing that was worked out before is there any more.
    compiled.cache_clear()
    proposal_of.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xconnector.domain.routing.asking._REMEMBERED", {})
        after = outcome_of(rebuilt(asked), turned)

    assert after == before


def rebuilt(asked: DeliveryPolicy) -> DeliveryPolicy:
    """The same policy, its tables made anew."""
    return DeliveryPolicy(
        route=replace(asked.route, rows=tuple(replace(row) for row in asked.route.rows)),
        checks={
            check: tuple(replace(table, rows=tuple(replace(row) for row in table.rows)) for table in tables)
            for check, tables in reversed(list(asked.checks.items()))
        },
        media=dict(reversed(list(asked.media.items()))),
        default=asked.default,
    )


@given(policies())
def test_of_each_choice_the_cheaper_comes_first_and_equals_stay_as_they_are_written(asked: DeliveryPolicy) -> None:
    decision = outcome_of(asked, facts())
    proposed = proposal_of(str(asked.route.rows[0].then["route"]))
    if decision is None or isinstance(decision.outcome, Suppression) or isinstance(proposed, Suppression):
        return
    hops = {hop.connection: hop for hop in decision.outcome.hops}
    wanted: list[str] = []
    for wish in proposed.hops:
        left = [name for name in wish.choices if name in hops]
        wanted += sorted(left, key=lambda name: (hops[name].cost or 0, wish.choices.index(name)))

    assert [name for name in connections(decision) if name in wanted] == wanted


@given(cells())
def test_without_checks_the_outcome_is_just_what_the_route_says(cell: str) -> None:
    proposed = proposal_of(cell)
    decision = decide_delivery(policy(cell, default="print"), facts())

    if isinstance(proposed, Suppression):
        assert decision.outcome == proposed
    else:
        hops = [Hop(connection=name, wait=wish.wait) for wish in proposed.hops for name in wish.choices]
        assert decision.outcome == DeliveryPlan(hops=tuple(hops))
    assert [step.check for step in decision.steps] == [Check.PREFERENCE]


# ---------------------------------------------------------------------------- examples


def test_a_withdrawn_consent_takes_e_mail_away_and_print_is_next() -> None:
    decision = decide_delivery(policy("email, print", consent=wants_consent()), facts(consents={"email": "withdrawn"}))

    assert connections(decision) == ("print",)
    assert [(step.row, step.medium, step.takes_away) for step in decision.steps if step.check is Check.CONSENT] == [
        ("C3", Medium.EMAIL, True),
        ("C1", Medium.PRINT, False),
    ]


def test_what_nobody_has_to_send_and_nothing_may_carry_is_suppressed_with_the_first_reason() -> None:
    asked = policy(
        "email, sms", consent=denies("email", "sms"), suppression=denies("sms", name="stop", reason="number unknown")
    )

    assert decide_delivery(asked, facts()).outcome == Suppression(reason="no consent")


def test_what_must_be_sent_and_nothing_may_carry_is_told_to_people_with_every_reason() -> None:
    asked = policy(
        "email", default="print", must_send=demands(), suppression=denies("email", "print", reason="returned")
    )

    with pytest.raises(NothingLeftError, match=r"row M1 of table must_send.*email: returned.*print: returned.*by hand"):
        decide_delivery(asked, facts())


def test_a_route_does_not_suppress_what_must_be_sent() -> None:
    decision = decide_delivery(policy("suppress: unwanted", default="print", must_send=demands()), facts())

    assert connections(decision) == ("print",)
    assert decision.steps[-1].check is Check.DEFAULT
    assert decision.steps[-1].said == "it must be sent, so that it is not suppressed: print stands last"


def test_a_law_that_allows_print_only_takes_all_else_away() -> None:
    asked = policy("email for 5 days, portal, print", must_send=demands(media="print", proof="certified", days="5"))
    decision = decide_delivery(asked, facts())

    assert decision.outcome == DeliveryPlan(hops=(Hop(connection="print", proof=ProofOfMailing.CERTIFIED),))
    assert decision.leave_within == 5
    assert [(step.medium, step.said) for step in decision.steps if step.takes_away] == [
        (Medium.EMAIL, "only print may be used"),
        (Medium.PORTAL, "only print may be used"),
    ]


def test_of_several_laws_the_strongest_proof_and_the_fewest_days_count() -> None:
    laws = (
        demands(proof="tracked", days="30", media="print, email"),
        demands("no", proof="certified", days="5", media="print, portal", name="other"),
    )
    decision = decide_delivery(policy("portal, print with certificate of mailing", must_send=laws), facts())

    assert decision.is_mandatory
    assert decision.leave_within == 5
    assert decision.outcome == DeliveryPlan(hops=(Hop(connection="print", proof=ProofOfMailing.CERTIFIED),))


def test_the_route_may_want_a_stronger_proof_than_the_law() -> None:
    asked = policy("print with registered, email with tracked", must_send=demands(proof="tracked"))
    outcome = decide_delivery(asked, facts()).outcome

    assert outcome == DeliveryPlan(
        hops=(Hop(connection="print", proof=ProofOfMailing.REGISTERED), Hop(connection="email"))
    )


def test_costs_of_several_tables_are_added_and_order_what_the_route_leaves_open() -> None:
    costs = (prices(email="0.02", portal="0"), prices(name="postage", print="0.85", portal="0", email="0"))
    outcome = decide_delivery(policy("email or portal for 2 days, print", cost=costs), facts()).outcome

    assert outcome == DeliveryPlan(
        hops=(
            Hop(connection="portal", wait=timedelta(days=2), cost=Decimal(0)),
            Hop(connection="email", wait=timedelta(days=2), cost=Decimal("0.02")),
            Hop(connection="print", cost=Decimal("1.85")),
        )
    )


def test_a_cost_may_depend_on_the_proof() -> None:
    by_proof = made(
        "costs",
        {"proof": Kind.TEXT},
        ("K1", (one_of("certified"),), {"cost": Decimal("5.35")}),
        ("K2", (one_of(none=True),), {"cost": Decimal("0.95")}),
    )
    asked = policy("print, email", must_send=demands(proof="certified"), cost=by_proof)
    outcome = decide_delivery(asked, facts()).outcome

    assert isinstance(outcome, DeliveryPlan)
    assert [hop.cost for hop in outcome.hops] == [Decimal("5.35"), Decimal("0.95")]


def test_tables_see_whether_it_must_be_sent() -> None:
    optional_only = made(
        "suppression",
        {"mandatory": Kind.YES_NO},
        ("S1", (one_of(True),), {"send": True, "reason": "-"}),
        ("S2", (ANY,), {"send": False, "reason": "opted out"}),
    )

    assert connections(decide_delivery(policy("email", must_send=demands(), suppression=optional_only), facts()))
    assert not connections(decide_delivery(policy("email", suppression=optional_only), facts()))


def test_hours_of_all_tables_hold_and_are_told_in_the_decision() -> None:
    tables = (opens("08:00", "21:00", "sms"), opens("09:00", "20:00", "sms", name="florida"))
    asked = policy("sms, print", quiet_hours=tables)

    assert quiet_windows(asked, facts(), Medium.SMS, is_mandatory=False) == (
        Window(opens=time(8), closes=time(21)),
        Window(opens=time(9), closes=time(20)),
    )
    assert quiet_windows(asked, facts(), Medium.PRINT, is_mandatory=False) == ()
    assert [step.said for step in decide_delivery(asked, facts()).steps if step.check is Check.QUIET_HOURS] == [
        "may leave from 08:00 to 21:00",
        "may leave from 09:00 to 20:00",
        "may leave at any time",
        "may leave at any time",
    ]


def test_the_customers_own_quiet_hours_count_beside_those_of_the_tables() -> None:
    asked = policy("sms, print", quiet_hours=(opens("08:00", "21:00", "sms"),))
    told = facts({"customer.quiet_hours": "19:30-09:00"})

    assert quiet_windows(asked, told, Medium.SMS, is_mandatory=False) == (
        Window(opens=time(8), closes=time(21)),
        Window(opens=time(9), closes=time(19, 30)),
    )
    assert quiet_windows(asked, told, Medium.SMS, is_mandatory=True) == (Window(opens=time(8), closes=time(21)),)
    assert quiet_windows(asked, told, Medium.PORTAL, is_mandatory=False) == ()


@pytest.mark.parametrize("written", ["", "nights", "21:00", "25:00-08:00", "08:00-08:00", "21:00-08:00-09:00"])
def test_quiet_hours_that_nobody_understands_hold_nothing_back(written: str) -> None:
    told = facts({"customer.quiet_hours": written})

    assert quiet_windows(policy("sms"), told, Medium.SMS, is_mandatory=False) == ()


# ---------------------------------------------------------------------------- nothing odd is silent


@pytest.mark.parametrize("check", PERMISSIONS)
@pytest.mark.parametrize(
    "said",
    [{"send": "maybe", "reason": "-"}, {"reason": "-"}, {"send": "no", "reason": "-"}, {"send": None, "reason": "-"}],
)
def test_a_row_that_says_neither_yes_nor_no_is_an_error_with_table_and_row(
    check: Check, said: Mapping[str, str | None]
) -> None:
    odd = made("odd_table", {}, ("X7", (), said))

    with pytest.raises(CheckOutputError, match=r"row X7 of table odd_table: .*(write|add)"):
        decide_delivery(replace(policy("email"), checks={check: (odd,)}), facts())


def test_a_fact_that_a_table_needs_and_nobody_has_is_an_error() -> None:
    with pytest.raises(MissingInputError, match="consent"):
        decide_delivery(policy("email", consent=wants_consent()), Facts(day=DAY, common={}, by_medium={}))


def test_a_connection_of_which_nobody_knows_the_medium_is_an_error() -> None:
    with pytest.raises(NoMediumError, match="fax is no channel"):
        decide_delivery(policy("fax, print"), facts())


def test_a_route_that_is_none_is_an_error_with_table_and_row() -> None:
    with pytest.raises(DecisionError, match=r"row L1 of table routing: .*in order"):
        decide_delivery(policy("email,, print"), facts())


def test_no_value_of_a_customer_stands_in_an_error_or_a_step() -> None:
    secret: Mapping[str, Any] = {"customer.name": "Sämann", "customer.region": "NY"}
    asked = policy("email", consent=denies("email"), must_send=demands("no"))

    assert "Sämann" not in repr(decide_delivery(asked, facts(secret)))
    with pytest.raises(NothingLeftError) as refused:
        decide_delivery(policy("email", consent=denies("email"), must_send=demands()), facts(secret))
    assert "Sämann" not in str(refused.value)


def test_a_decision_of_four_checks_and_three_media_takes_microseconds() -> None:
    asked = policy(
        "email or portal, print",
        default="print",
        must_send=demands(),
        suppression=denies(name="suppression"),
        withdrawal=denies(name="withdrawal"),
        consent=wants_consent(),
    )
    told = facts({f"customer.field_{at}": "value" for at in range(40)})

    def one_decision() -> float:
        begun = process_time()
        for _ in range(500):
            decide_delivery(asked, told)
        return (process_time() - begun) / 500

    fastest: Sequence[float] = [one_decision() for _ in range(5)]
    assert min(fastest) < 200e-6
