from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.routing.carrying_on import NoWay, Onward, carried_on
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Medium, Suppression
from xconnector.domain.routing.policy import Check, DeliveryDecision, Step

MEDIA: Mapping[str, Medium] = {
    "print": Medium.PRINT,
    "email": Medium.EMAIL,
    "sms": Medium.SMS,
    "portal": Medium.PORTAL,
}
NAMES = st.lists(st.sampled_from(sorted(MEDIA)), unique=True, max_size=4)


def denial(medium: Medium) -> Step:
    return Step(
        check=Check.CONSENT,
        table="consent",
        table_sha256="0" * 64,
        row="C1",
        said=f"no consent to {medium}",
        medium=medium,
        takes_away=True,
    )


@st.composite
def decisions(draw: st.DrawFn) -> DeliveryDecision:
    """Decisions as the checks make them: nothing that was taken away is in the plan."""
    decided = draw(NAMES)
    is_mandatory = bool(decided) and draw(st.booleans())
    denied = [medium for name, medium in MEDIA.items() if name not in decided and draw(st.booleans())]
    hops = tuple(Hop(connection=name) for name in decided)
    return DeliveryDecision(
        outcome=DeliveryPlan(hops=hops) if hops else Suppression(reason="opted out"),
        steps=tuple(denial(medium) for medium in denied),
        is_mandatory=is_mandatory,
    )


@st.composite
def standings(draw: st.DrawFn) -> tuple[list[str], int]:
    """Plans and the hop before which a communication stands."""
    plan = draw(NAMES.filter(bool))
    return plan, draw(st.integers(0, len(plan) - 1))


@given(decisions(), standings(), st.frozensets(st.sampled_from(Medium)))
def test_it_goes_on_only_where_it_is_decided_composed_for_that_address_and_not_tried(
    decision: DeliveryDecision, standing: tuple[list[str], int], moved: frozenset[Medium]
) -> None:
    plan, hop = standing
    way = carried_on(decision, plan, hop, MEDIA, moved=moved)
    decided = [] if isinstance(decision.outcome, Suppression) else [each.connection for each in decision.outcome.hops]
    composed = [name for name in decided if name in plan or name == "print"]
    fitting = [name for name in composed if name not in plan[:hop] and MEDIA[name] not in moved]

    assert ([each.connection for each in way.hops] if isinstance(way, Onward) else []) == fitting
    if isinstance(way, Onward):
        missed = [name for name in decided[: decided.index(fitting[0])] if name not in plan[:hop]]
        assert list(way.missed) == missed


@given(decisions(), standings())
def test_what_must_be_sent_is_never_suppressed(decision: DeliveryDecision, standing: tuple[list[str], int]) -> None:
    way = carried_on(decision, *standing, MEDIA)

    assert not (decision.is_mandatory and isinstance(way, Suppression))


@given(decisions(), standings())
def test_nothing_is_suppressed_unless_something_speaks_against_it(
    decision: DeliveryDecision, standing: tuple[list[str], int]
) -> None:
    plan, hop = standing
    way = carried_on(decision, plan, hop, MEDIA)

    if isinstance(way, Suppression) and not isinstance(decision.outcome, Suppression):
        denied = {step.medium for step in decision.steps if step.takes_away}
        assert {MEDIA[name] for name in plan[hop:]} <= denied
        assert way.reason in {step.said for step in decision.steps}


@given(decisions(), standings())
def test_where_there_is_no_way_people_are_told_why(decision: DeliveryDecision, standing: tuple[list[str], int]) -> None:
    plan, hop = standing
    way = carried_on(decision, plan, hop, MEDIA)

    if isinstance(way, NoWay):
        assert "no channel is left" in way.reason
        assert all(name in way.reason for name in plan[:hop])
