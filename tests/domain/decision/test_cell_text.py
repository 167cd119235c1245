import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import EVERY_VALUE, cells_of, one_of, within
from xconnector.domain.decision.cell_text import CellError, parse_cell, parse_value, spelled
from xconnector.domain.decision.cells import ANY, Cell, OneOf, Within
from xconnector.domain.decision.values import Value

OPEN = within(Decimal(5), Decimal(10), includes_low=False, includes_high=False)


@pytest.mark.parametrize(
    "text, cell",
    [
        ("-", ANY),
        ("none", one_of(none=True)),
        ("nothing", one_of("nothing")),
        ("null", one_of(none=True)),
        ("email", one_of("email")),
        ("a, b c", one_of("a", "b c")),
        ("UK (GB), FR", one_of("UK (GB)", "FR")),
        ("none, a", one_of("a", none=True)),
        ("not a, b", one_of("a", "b", negated=True)),
        ("not(a, b)", one_of("a", "b", negated=True)),
        ('not ("a")', one_of("a", negated=True)),
        ("not none", one_of(none=True, negated=True)),
        ("notable", one_of("notable")),
        ("yes", one_of(True)),
        ("5, 5.50", one_of(Decimal(5), Decimal("5.5"))),
        ("2026-12-31", one_of(date(2026, 12, 31))),
        ('"no"', one_of("no")),
        ('"a, b", c', one_of("a, b", "c")),
        (r'"say \"no\" \\"', one_of('say "no" \\')),
        (r'"C:\\new"', one_of(r"C:\new")),
        (r"C:\new", one_of(r"C:\new")),
        ('"a\nb"', one_of("a\nb")),
        ('"Yes", "null", "any"', one_of("Yes", "null", "any")),
        ("None of these, yes-men", one_of("None of these", "yes-men")),
        ('"5"', one_of("5")),
        ("not [5..10]", replace(within(Decimal(5), Decimal(10)), negated=True)),
        ("not((5..10))", replace(OPEN, negated=True)),
        ("> 5", within(Decimal(5), includes_low=False)),
        (">=-5.5", within(Decimal("-5.5"))),
        ("< 2026-12-31", within(None, date(2026, 12, 31), includes_high=False)),
        ("<= 5", within(None, Decimal(5))),
        ("5..10", within(Decimal(5), Decimal(10))),
        ("[5..10]", within(Decimal(5), Decimal(10))),
        ("[1..10)", within(Decimal(1), Decimal(10), includes_high=False)),
        ("]1 .. 10]", within(Decimal(1), Decimal(10), includes_low=False)),
        ("(1..10[", within(Decimal(1), Decimal(10), includes_low=False, includes_high=False)),
        ("2026-01-01 .. 2026-12-31", within(date(2026, 1, 1), date(2026, 12, 31))),
        ("not > 5", OneOf(ranges=frozenset({Within(low=Decimal(5), includes_low=False)}), negated=True)),
        (
            "< 5, 7, [10..20)",
            OneOf(
                values=frozenset({Decimal(7)}),
                ranges=frozenset(
                    {
                        Within(high=Decimal(5), includes_high=False),
                        Within(low=Decimal(10), high=Decimal(20), includes_high=False),
                    }
                ),
            ),
        ),
    ],
)
def test_a_cell_means_what_it_says(text: str, cell: Cell) -> None:
    assert parse_cell(text) == cell


@pytest.mark.parametrize(
    "text",
    [
        "",
        "> > 5",
        "> a",
        "> yes",
        "10..5",
        "5..2026-01-01",
        "a..b",
        "[5..10",
        "5..10)",
        "(5..5]",
        "-, a",
        "a,,b",
        "not",
        "not()",
        "not -",
        "not not a",
        "not(not(a))",
        "not (5..10)",
        "not(2026-01-01..2026-12-31)",
        "2026-02-30",
        "= 5",
        "a (b",
        '"a',
        '"a"b',
        r'"C:\new"',
        r'"\u0041"',
        '"a\ud800"',
        "\udfff",
        "not (a), b",
        "not (a), (b)",
        "not (a) b",
        "not (5..10], 7",
        "not(a), b",
        "yes, 1",
        "no, 0",
        "1, yes",
        "a, 5",
        "> 5, 2026-01-01",
        "> 5, a",
        "Yes",
        "NO",
        "None",
        "NULL",
        "true",
        "any",
        "Any, a",
        "not No",
        "NOT a",
        "Not(a)",
        "Not",
        "\N{EN DASH}",
        "\N{GREATER-THAN OR EQUAL TO} 5",
        "5\N{HORIZONTAL ELLIPSIS}10",
        "\N{LEFT DOUBLE QUOTATION MARK}a\N{RIGHT DOUBLE QUOTATION MARK}",
        "1" * 40,
        "x" * 2001,
        "5" + " " * 5_000 + ", 6",
        ",".join(f"a{at}" for at in range(480)),
    ],
)
def test_a_cell_outside_the_grammar_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(CellError, match=r"write|compare with|there is no day|stands alone|at most"):
        parse_cell(text)


@pytest.mark.parametrize(
    "text",
    [
        "> 1,000",
        "> 1000,50",
        "1,000..2,000",
        "not < 1,000",
        "5,7, > 10",
        "1,000",
        "1,000, 2",
        "000",
        "-01",
        "00.5",
        "> 007",
        "01..2",
    ],
)
def test_a_number_that_people_group_or_pad_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(CellError, match=r"write numbers as 1000\.50, without"):
        parse_cell(text)


@pytest.mark.parametrize(
    "text, canonical",
    [
        ("5,7", "5, 7"),
        ("> 5, 3", "3, > 5"),
        ("5,[10..20)", "5, [10..20)"),
        ('"a1,2b", "3"', '"3", "a1,2b"'),
        ("0, 0.50, -0.5", "-0.5, 0, 0.5"),
        ('"007"', '"007"'),
    ],
)
def test_commas_and_zeros_that_mislead_nobody_are_read(text: str, canonical: str) -> None:
    assert spelled(parse_cell(text)) == canonical


@pytest.mark.parametrize(
    "text, remedy",
    [
        (r'"C:\new"', r"inside it \" for a quote and \\ for a backslash"),
        ("not (a), b", "write not a, b, or not(a, b) with all of it in the brackets"),
        ("yes, 1", "write values of one kind"),
        ("Yes", 'write yes for what it means; text such as "Yes" in quotes'),
        ("FALSE", "write no for what it means"),
        ("Any", "write - for what it means"),
        ("NOT a", "write not once, in small letters"),
        ("a\ud800", "write whole signs"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_with_how_to_write_it(text: str, remedy: str) -> None:
    with pytest.raises(CellError, match=re.escape(remedy)):
        parse_cell(text)


@pytest.mark.parametrize("word", ["yes", "no", "none", "null", "any", "true", "false", "not a", "not(a)"])
def test_a_word_of_the_grammar_in_other_letters_is_never_text(word: str) -> None:
    for text in (word.upper(), word.title()):
        with pytest.raises(CellError):
            parse_cell(text)
        assert parse_cell(f'"{text}"') == one_of(text)
        assert spelled(one_of(text)) == f'"{text}"'


@given(st.text(st.sampled_from('ab,-."<>= not5yesne()[]\\'), max_size=14))
def test_every_cell_that_is_understood_reads_the_same_in_its_canonical_spelling(text: str) -> None:
    try:
        cell = parse_cell(text)
    except CellError:
        return
    assert parse_cell(spelled(cell)) == cell


@settings(max_examples=500)
@given(st.sampled_from([*EVERY_VALUE]).flatmap(cells_of))
def test_every_cell_can_be_spelled(cell: Cell) -> None:
    assert parse_cell(spelled(cell)) == cell


WORDS = st.sampled_from(["yes", "No", "NONE", "any", "not", "not ", "true", " ", "(", ")", ", ", '"', "\\", "5", ".."])


@settings(max_examples=500)
@given(st.text(st.characters(codec="utf-8"), max_size=8) | st.lists(WORDS, max_size=5).map("".join))
def test_every_text_can_be_spelled(text: str) -> None:
    for cell in (one_of(text), one_of(text, negated=True)):
        assert parse_cell(spelled(cell)) == cell


@pytest.mark.parametrize(
    "cell, text",
    [
        (ANY, "-"),
        (one_of("b", "a"), "a, b"),
        (one_of("no", "5", " a"), '" a", "5", "no"'),
        (one_of(Decimal("5.50"), none=True), "none, 5.5"),
        (one_of(True, negated=True), "not yes"),
        (one_of("(a)", "(b)", negated=True), "not((a), (b))"),
        (replace(OPEN, negated=True), "not((5..10))"),
        (within(Decimal(5), includes_low=False), "> 5"),
        (within(None, date(2026, 1, 1)), "<= 2026-01-01"),
        (within(Decimal(5), Decimal(10)), "5..10"),
        (within(Decimal(5), Decimal(10), includes_high=False), "[5..10)"),
    ],
)
def test_every_cell_has_one_spelling(cell: Cell, text: str) -> None:
    assert spelled(cell) == text


@pytest.mark.parametrize("text, value", [("none", None), ("a", "a"), ("5.0", Decimal(5)), ("no", False)])
def test_one_value_is_read(text: str, value: Value | None) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ["-", "a, b", "not a", "> 5", "none, a"])
def test_a_cell_of_several_values_is_not_one(text: str) -> None:
    with pytest.raises(CellError, match="write one value"):
        parse_value(text)
