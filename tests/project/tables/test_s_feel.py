from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import EVERY_VALUE, cells_of, one_of, within
from xconnector.domain.decision.cell_text import parse_cell, spelled
from xconnector.domain.decision.cells import Cell, fits_value
from xconnector.domain.decision.values import Kind, Value
from xconnector.project.tables.foreign import UnsayableError
from xconnector.project.tables.s_feel import (
    feel_cell,
    feel_value,
    parse_feel_cell,
    parse_feel_value,
    parse_feel_values,
)

CELLS = st.sampled_from([*EVERY_VALUE]).flatmap(lambda kind: st.tuples(st.just(kind), cells_of(kind)))
ODD_TEXT = st.text(st.sampled_from("ab'\"`\\ ${}\n\t\r,äß😀\x01"), max_size=8)


@settings(deadline=None, max_examples=300)
@given(made=CELLS)
def test_what_is_written_reads_as_a_cell_that_fits_the_same(made: tuple[Kind, Cell]) -> None:
    kind, cell = made
    again = parse_feel_cell(feel_cell(cell, kind))

    for value in (None, *EVERY_VALUE[kind]):
        assert fits_value(again, value) is fits_value(cell, value)


@given(text=ODD_TEXT)
def test_text_of_any_signs_is_the_same_text_in_feel(text: str) -> None:
    assert parse_feel_value(feel_value(text)) == text


@pytest.mark.parametrize(
    "tests, cell",
    [
        ("-", "-"),
        ("", "-"),
        ('"a","b"', "a, b"),
        ('not("a")', "not a"),
        ('not("a", null)', "not none, a"),
        ("null", "none"),
        ("not(null)", "not none"),
        (">=18", ">= 18"),
        ("< -.5", "< -0.5"),
        ("[1..5]", "1..5"),
        ("]1..5[", "(1..5)"),
        ("(1..5]", "(1..5]"),
        ('[date("2026-01-01")..date("2026-06-30")]', "2026-01-01..2026-06-30"),
        ('@"2026-01-01"', "2026-01-01"),
        ("true", "yes"),
        ("not(false)", "not no"),
        ("null, > 5, 3", "none, 3, > 5"),
        (r'"a \"b\" \u00e4\U01F600"', r'"a \"b\" ä😀"'),
        ("007", "7"),
    ],
)
def test_unary_tests_are_read_in_our_words(tests: str, cell: str) -> None:
    assert parse_feel_cell(tests) == parse_cell(cell)


@pytest.mark.parametrize(
    "tests, value, is_fit",
    [
        # A comparison with nothing is null, and so is its negation (DMN 1.3, table 42 and 10.3.2.8).
        ("> 5", None, False),
        ("not(> 5)", None, False),
        ("not([1..2], 7)", None, False),
        ("not(> 5, null)", None, False),
        # Equality with nothing is false, and its negation true.
        ('"a"', None, False),
        ('not("a")', None, True),
        ("not(5)", None, True),
        ("-", None, True),
        ("not(> 5)", Decimal(5), True),
    ],
)
def test_nothing_fits_as_feel_says(tests: str, value: Value | None, is_fit: bool) -> None:
    assert fits_value(parse_feel_cell(tests), value) is is_fit


def test_a_negated_range_of_ours_fits_nothing_and_is_written_so() -> None:
    assert feel_cell(parse_cell("not > 5"), Kind.NUMBER) == "null, <= 5"
    assert feel_cell(parse_cell("not none, > 5"), Kind.NUMBER) == "<= 5"


@pytest.mark.parametrize(
    "tests, said",
    [
        ("> > 5", "'>' is no number"),
        ("contains(?, 5)", "not understood"),
        ("x", "'x' is no number"),
        ("5 + 1", "not understood"),
        ("not(5", "ends too early"),
        ('"a', "not understood"),
        ('date("2026-02-30")', "there is no day"),
        ('date("2026-01-01T00:00:00")', "is no day"),
        ('duration("P1D")', "'duration' is no number"),
        ('> "a"', "only numbers and dates are compared"),
        ("[5..1]", "nothing lies between"),
        ('[1..date("2026-01-01")]', "of two kinds"),
        (r'"\q"', r"there is no sign \q"),
        (r'"\ud83d"', "half a sign"),
        (r'"\UFFFFFF"', "there is no sign"),
        ("1" * 35, "more than 34 digits"),
    ],
)
def test_what_is_outside_of_s_feel_is_refused(tests: str, said: str) -> None:
    with pytest.raises(UnsayableError) as refused:
        parse_feel_cell(tests)

    assert said in str(refused.value)


@given(text=st.text(st.sampled_from('ab0. 5<>=()[],"\\u@-datenotnull')))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        cell = parse_feel_cell(text)
    except UnsayableError:
        return
    assert parse_cell(spelled(cell)) == cell


def test_lists_of_values_keep_their_order() -> None:
    assert parse_feel_values('"b", "a", null') == ["b", "a", None]


def test_numbers_that_feel_would_round_are_refused() -> None:
    with pytest.raises(UnsayableError, match="more than 34 digits"):
        feel_cell(within(Decimal("0." + "1" * 35)), Kind.NUMBER)

    assert feel_cell(one_of(Decimal("5.50"), Decimal("-1E+3")), Kind.NUMBER) == "-1000, 5.5"
