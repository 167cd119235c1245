from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import EVERY_VALUE, cells_of, one_of, within
from tests.project.tables.second_opinion import fits
from xconnector.domain.decision.cell_text import parse_cell, spelled
from xconnector.domain.decision.cells import ANY, Cell, OneOf, fits_value
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.foreign import UnsayableError
from xconnector.project.tables.zen_cells import (
    parse_zen_cell,
    parse_zen_path,
    parse_zen_value,
    zen_cell,
    zen_path,
    zen_value,
)

KINDS = st.sampled_from([*EVERY_VALUE])
CELLS = KINDS.flatmap(lambda kind: st.tuples(st.just(kind), cells_of(kind)))
NOTHING = OneOf()
"""What is refused: a cell that fits nothing at all."""
ODD_TEXT = st.text(st.sampled_from("ab'\"`\\ ${}\n,äß😀"), max_size=8)


@settings(deadline=None, max_examples=300)
@given(made=CELLS)
def test_zen_fits_what_our_cell_fits(made: tuple[Kind, Cell]) -> None:
    kind, cell = made
    expression = zen_cell(cell, kind)

    for value in (None, *EVERY_VALUE[kind]):
        assert fits(expression, value) is fits_value(cell, value), (expression, value)


@settings(deadline=None, max_examples=300)
@given(made=CELLS)
def test_what_is_written_reads_as_a_cell_that_fits_the_same(made: tuple[Kind, Cell]) -> None:
    kind, cell = made
    takes = [value for value in (None, *EVERY_VALUE[kind]) if fits_value(cell, value)]
    try:
        again = parse_zen_cell(zen_cell(cell, kind), speaks_of_dates=kind is Kind.DATE)
    except UnsayableError:
        again = NOTHING

    assert [value for value in (None, *EVERY_VALUE[kind]) if fits_value(again, value)] == takes


TERMS: dict[Kind, list[str]] = {
    Kind.TEXT: ['"a"', "'b'", "null", '!= "a"', "!= null", 'in ["a", "b"]', 'not in ["a"]', '$ == "c"', '["a", null]'],
    Kind.NUMBER: ["5", "> 5", "<= 0", "[0..5)", "(5..10]", "null", "!= 5.50", "$ < 3", "in [1, 3]", "not in [5, null]"],
    Kind.DATE: [
        '"2026-01-01"',
        '> d("2026-01-01")',
        '<= d("2026-06-30")',
        'd($) < d("2026-01-02")',
        'd($) >= d("2026-01-02")',
        'd($) in [d("2026-01-01")..d("2026-06-30"))',
        "null",
        'd($) != d("2026-01-01")',
        'd($) == d("2026-01-02")',
    ],
    Kind.YES_NO: ["true", "false", "null", "!= true", "== false", "not in [true]"],
}


@st.composite
def joined(draw: st.DrawFn) -> tuple[Kind, str]:
    kind = draw(KINDS)
    terms = draw(st.lists(st.sampled_from(TERMS[kind]), min_size=1, max_size=4))
    joints = draw(st.lists(st.sampled_from([", ", " or ", " and "]), min_size=3, max_size=3))
    return kind, terms[0] + "".join(joint + term for joint, term in zip(joints, terms[1:], strict=False))


@settings(deadline=None, max_examples=500)
@given(made=joined())
def test_cells_of_others_read_as_what_zen_does_with_them(made: tuple[Kind, str]) -> None:
    kind, expression = made
    values = [None, *EVERY_VALUE[kind], *(["a", "b", "c"] if kind is Kind.TEXT else [])]
    taken = [value for value in values if fits(expression, value)]
    try:
        cell = parse_zen_cell(expression, speaks_of_dates=kind is Kind.DATE)
    except UnsayableError:
        cell = NOTHING

    assert [value for value in values if fits_value(cell, value)] == taken


@given(text=ODD_TEXT)
def test_text_with_any_quotes_is_the_same_text_for_zen(text: str) -> None:
    assert parse_zen_value(zen_value(text)) == text
    assert fits(zen_cell(one_of(text), Kind.TEXT), text)
    assert not fits(zen_cell(one_of(text), Kind.TEXT), f"{text}.")
    assert not fits(zen_cell(one_of(text, "other", negated=True), Kind.TEXT), text)


@pytest.mark.parametrize(
    "expression, cell",
    [
        ("", "-"),
        ('"email", "portal"', "email, portal"),
        ('!= "a" and != "b"', "not a, b"),
        ("> 5 and < 10", "(5..10)"),
        (">= 5 or null", ">= 5"),
        ("null, >= 5", "none, >= 5"),
        ("!= null", "not none"),
        ("[1..3], 7", "1..3, 7"),
        ("true", "yes"),
        ("< 1_000_000.5", "< 1000000.5"),
        ('d($) < d("2026-01-01")', "none, < 2026-01-01"),
        ('< d("2026-01-01")', "< 2026-01-01"),
    ],
)
def test_cells_are_read_in_our_words(expression: str, cell: str) -> None:
    # `>= 5 or null` is an error for nothing before it gets to null; `d($) <` takes nothing for an early day.
    assert parse_zen_cell(expression) == parse_cell(cell)


@pytest.mark.parametrize(
    "expression, said",
    [
        ("> > 5", "'>' is no number"),
        ('not("a")', 'write != "a"'),
        ("-", "leave the cell empty"),
        ("customer.name", "'customer' is no number"),
        ('contains($, "a")', "'contains'"),
        ("$ + 1 > 5", "not understood here"),
        ('5, "a"', "speaks of number and text"),
        ("> 5 and < 3", "fits nothing at all"),
        ('> "a"', "only numbers and days are compared"),
        ("]5..6]", "']' is no number"),
        ("[5..", "ends too early"),
        ('[d("2026-01-01")..d("2026-02-01")]', "zen finds no day in a range"),
        ('d("2026-02-30")', "there is no day"),
        ("[10..5]", "nothing lies between"),
        ("`a`", "not understood"),
        ("5e3", "not understood"),
        ("5," * 1_001 + "5", "at most 1000 terms"),
        ('"a" "b"', "not understood here"),
        ("9" * 30, "more than 28 digits"),
        ('"' + "a" * 30_000 + '"', "at most 20000 characters"),
    ],
)
def test_what_is_outside_of_the_language_is_refused(expression: str, said: str) -> None:
    with pytest.raises(UnsayableError) as refused:
        parse_zen_cell(expression)

    assert said in str(refused.value)


@given(text=st.text(st.sampled_from("ab$d0. 5<>=!()[],\"'andornotinull+-")))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        cell = parse_zen_cell(text)
    except UnsayableError:
        return
    assert parse_cell(spelled(cell)) == cell


@pytest.mark.parametrize(
    "name, path",
    [
        ("customer.preference", "customer.preference"),
        ("has email", '$root["has email"]'),
        ("in.part", '$root["in"].part'),
        ("data.2nd", 'data["2nd"]'),
        ("not", '$root["not"]'),
    ],
)
def test_inputs_have_paths_of_zen(name: str, path: str) -> None:
    assert zen_path(name) == path
    assert parse_zen_path(path) == name


@pytest.mark.parametrize("path", ["", "a + b", "a[0]", "a.", "$", "f(x)", '$root["a.b"]', "a..b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(UnsayableError, match="is no path"):
        parse_zen_path(path)


def test_numbers_that_zen_would_round_are_refused() -> None:
    with pytest.raises(UnsayableError, match="more than 28 digits"):
        zen_cell(within(Decimal("0." + "1" * 29)), Kind.NUMBER)

    assert zen_cell(ANY, Kind.DATE) == ""
    assert zen_cell(one_of(date(2026, 1, 1)), Kind.DATE) == '"2026-01-01"'
