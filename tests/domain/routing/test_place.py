import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.made import DAY
from xconnector.domain.routing.place import Place, inputs_at, place_of, read_place, spelled_place
from xconnector.domain.routing.plan import Medium, ProofOfMailing
from xconnector.domain.routing.policy import Check, Facts, Step

FACTS = Facts(
    day=DAY,
    common={"customer.preference": "email"},
    by_medium={Medium.EMAIL: {"consent": "given"}},
)


def step(check: Check, medium: Medium | None, connection: str | None = None) -> Step:
    return Step(check=check, table="t", table_sha256="", row="R", said="", medium=medium, connection=connection)


STEPS = st.builds(
    Step,
    check=st.sampled_from(Check),
    table=st.from_regex(r"[a-z_]+", fullmatch=True),
    table_sha256=st.just(""),
    row=st.text(),
    said=st.text(),
    medium=st.sampled_from(Medium),
    connection=st.none() | st.from_regex(r"[a-z_]+", fullmatch=True),
)


@given(STEPS)
def test_a_place_is_read_as_it_was_spelled(drawn: Step) -> None:
    assert read_place(spelled_place(drawn)) == place_of(drawn)


@pytest.mark.parametrize("text", ["", "preference", "preference/", "no check/routing", "consent/t/carrier pigeon"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind: the caller tells which record it was
        read_place(text)


def test_tables_of_the_route_see_what_is_common() -> None:
    assert inputs_at(Place(check=Check.PREFERENCE, table="t"), FACTS, is_mandatory=True) == FACTS.common


def test_tables_of_a_medium_see_its_facts_beside() -> None:
    place = Place(check=Check.CONSENT, table="t", medium=Medium.EMAIL)
    assert inputs_at(place, FACTS, is_mandatory=False) == {
        "customer.preference": "email",
        "consent": "given",
        "medium": "email",
        "mandatory": False,
    }


def test_tables_of_costs_see_the_hop() -> None:
    place = Place(check=Check.COST, table="t", medium=Medium.PRINT, connection="house")
    seen = inputs_at(place, FACTS, is_mandatory=False, proof=ProofOfMailing.CERTIFIED)
    assert seen["connection"] == "house"
    assert seen["proof"] == "certified"


@pytest.mark.parametrize(
    "asked, is_question",
    [
        (step(Check.MUST_SEND, None), True),
        (step(Check.MUST_SEND, Medium.EMAIL), False),
        (step(Check.PREFERENCE, None), True),
        (step(Check.CONSENT, Medium.EMAIL), True),
        (step(Check.QUIET_HOURS, Medium.SMS), True),
        (step(Check.COST, Medium.PRINT, "house"), True),
        (step(Check.DEFAULT, Medium.PRINT), False),
        (step(Check.REVIEW, None), True),
    ],
)
def test_an_answer_that_is_told_again_is_no_question(asked: Step, is_question: bool) -> None:
    assert place_of(asked).is_question is is_question
