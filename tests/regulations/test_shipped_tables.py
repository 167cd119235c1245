"""What holds for every shipped table."""

import pytest

from tests.regulations.shipped import CHECKS, NAMES, STATES, shipped, table
from xconnector.domain.decision.cell_text import parse_cell
from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.check_inputs import inputs_of
from xconnector.domain.routing.check_outputs import output_mistakes

COMMON = {
    "category": Kind.TEXT,
    "promotional": Kind.YES_NO,
    "jurisdiction": Kind.TEXT,
    "deceased": Kind.YES_NO,
    "customer.region": Kind.TEXT,
    "customer.alternate_format": Kind.TEXT,
}
"""Inputs of every communication that the shipped tables ask."""


def test_every_table_is_made_for_a_check() -> None:
    assert sorted(CHECKS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_proven_and_its_own_tests_pass(name: str) -> None:
    assert shipped(name).table.rows


@pytest.mark.parametrize("name", NAMES)
def test_no_gap_is_excused(name: str) -> None:
    assert table(name).gaps is None


@pytest.mark.parametrize("name", NAMES)
def test_every_row_names_its_law_or_is_a_house_rule(name: str) -> None:
    assert [row.id for row in table(name).rows if not row.cite] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_row_answers_in_a_test_of_the_file(name: str) -> None:
    tested = {row for case in table(name).cases for row in case.rows or ()}
    assert [row.id for row in table(name).rows if row.id not in tested] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_has_an_owner_and_says_what_it_is(name: str) -> None:
    about = table(name).about
    assert table(name).owner
    assert "**An example" in about
    assert "Not\ncovered:" in about or "Not covered:" in about


@pytest.mark.parametrize("name", sorted({*NAMES} - {"costs"}))
def test_it_says_as_of_when_and_that_counsel_approves_it(name: str) -> None:
    about = " ".join(table(name).about.split())
    assert "approved by your own counsel" in about
    assert "not legal advice" in about
    assert "As of 1 September 2025" in about


@pytest.mark.parametrize("name", NAMES)
def test_it_can_stand_in_its_check(name: str) -> None:
    assert [*output_mistakes(CHECKS[name], table(name))] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_asks_what_its_check_knows(name: str) -> None:
    known = {**COMMON, **inputs_of(CHECKS[name])}
    assert {one.name: known.get(one.name) for one in table(name).inputs} == {
        one.name: one.domain.kind for one in table(name).inputs
    }


@pytest.mark.parametrize("name", [name for name in NAMES if "customer.region" in table(name).input_names])
def test_a_table_of_states_takes_every_state_and_none(name: str) -> None:
    domain = next(one.domain for one in table(name).inputs if one.name == "customer.region")
    assert all(domain.holds(state) for state in STATES)
    assert domain.holds(None)
    assert not domain.holds("XX")


@pytest.mark.parametrize("name", [name for name in NAMES if "jurisdiction" in table(name).input_names])
def test_a_table_of_countries_takes_every_country(name: str) -> None:
    domain = next(one.domain for one in table(name).inputs if one.name == "jurisdiction")
    assert domain.cell == parse_cell("not none")
