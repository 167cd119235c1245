from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.decision import AnyValue, Cell, Kind, OneOf, Within, decide, spelled
from xconnector.project.tables import parse_cell, parse_table

HEAD = "| row | when x | then route |\n|--|--|--|\n"
TABLE = """\
# Routing

Who gets what. A code block is no table:

```
| row | when x | then route |
```

| row | when customer.language | when has email | then route | note        |
| --- | :--------------------- | -------------- | ---------: | ----------- |
| R1  | de, `fr`               | yes            | email      | a \\| b      |
| R2  | -                      | -              | print      |             |
"""


def findings(text: str) -> list[str]:
    return [str(finding) for finding in parse_table("t", "tables/t.md", text)[1]]


def test_a_table_is_read_from_its_markdown() -> None:
    found, wrong = parse_table("routing", "tables/routing.md", TABLE)

    assert wrong == []
    assert found is not None
    assert found.table.inputs == ("customer.language", "has email")
    assert found.table.kinds == (Kind.TEXT, Kind.YES_NO)
    assert found.table.rows[0].note == "a | b"
    assert found.rows == {"R1": 11, "R2": 12}
    assert decide(found.table, {"customer.language": "fr", "has email": True}).outputs == {"route": "email"}


@pytest.mark.parametrize(
    "text, cell",
    [
        ("-", AnyValue()),
        ("none", OneOf(values=frozenset(), includes_none=True)),
        ("email", OneOf(values=frozenset({"email"}))),
        ("a, b c", OneOf(values=frozenset({"a", "b c"}))),
        ("none, a", OneOf(values=frozenset({"a"}), includes_none=True)),
        ("not a, b", OneOf(values=frozenset({"a", "b"}), negated=True)),
        ("not none", OneOf(values=frozenset(), includes_none=True, negated=True)),
        ("yes", OneOf(values=frozenset({True}))),
        ("5, 5.50", OneOf(values=frozenset({Decimal(5), Decimal("5.5")}))),
        ("2026-12-31", OneOf(values=frozenset({date(2026, 12, 31)}))),
        ('"no"', OneOf(values=frozenset({"no"}))),
        ('"a, b", c', OneOf(values=frozenset({"a, b", "c"}))),
        ('"5"', OneOf(values=frozenset({"5"}))),
        ("> 5", Within(low=Decimal(5), includes_low=False)),
        (">=-5.5", Within(low=Decimal("-5.5"))),
        ("< 2026-12-31", Within(high=date(2026, 12, 31), includes_high=False)),
        ("<= 5", Within(high=Decimal(5))),
        ("5..10", Within(low=Decimal(5), high=Decimal(10))),
        ("2026-01-01 .. 2026-12-31", Within(low=date(2026, 1, 1), high=date(2026, 12, 31))),
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
        "-, a",
        "a,,b",
        "not not a",
        "2026-02-30",
        "= 5",
        "x" * 2001,
    ],
)
def test_a_cell_outside_the_grammar_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|compare with|there is no day|stands alone|at most"):
        parse_cell(text)


@given(st.text(st.sampled_from('ab,-."<>= not5yesne'), max_size=14))
def test_every_cell_that_is_understood_reads_the_same_in_its_canonical_spelling(text: str) -> None:
    try:
        cell = parse_cell(text)
    except ValueError:
        return
    if '"' not in text:
        assert parse_cell(spelled(cell)) == cell


@pytest.mark.parametrize(
    "text, told",
    [
        ("# no table\n", "tables/t.md:1: there is no table"),
        ("| row | then route |\n| R1 | print |\n", "tables/t.md:1: the line below the header is no rule"),
        ("| row | then route |\n|--|--|\n", "tables/t.md:1: the table has no row"),
        ("| row | then route |\n|--|--|\n| R1 | a |\n\n| x |\n|--|\n", "tables/t.md:5: there is a second table"),
        ("| row | wenn x | then route |\n|--|--|--|\n", "tables/t.md:1: column 2: the header 'wenn x' is unknown"),
        ("| when x | then route |\n|--|--|\n| a | b |", "tables/t.md:1: there is no column `row`"),
        ("| row | when x |\n|--|--|\n| R1 | b |", "tables/t.md:1: there is no column `then …`"),
        (
            "| row | row | then route |\n|--|--|--|\n| R1 | R1 | b |",
            "tables/t.md:1: the column 'row' stands there twice",
        ),
        ("| row | then route |\n|--|--|\n| R1 | a | b |", "tables/t.md:3: the row has 3 cells where the header has 2"),
        ("| row | then route |\n|--|--|\n| R 1 | a |", "tables/t.md:3: 'R 1' is no row id"),
        ("| row | then route |\n|--|--|\n| R1 |  |", "tables/t.md:3: row R1, column 2 (then route) is empty"),
        (HEAD + "| R1 | a | p |\n| R1 | b | p |", "tables/t.md:4: row id R1 stands in line 3 too"),
        (
            HEAD + "| R1 | a | p |\n| R2 | > 5 | p |",
            "tables/t.md:4: column `when x` speaks of text above and of number",
        ),
        (HEAD + "| R1 | - | p |\n| R2 | a | p |", "tables/t.md:4: row R2 can never be reached: row R1 takes"),
        (HEAD + "| R1 |  | p |", "tables/t.md:3: row R1, column 2 (when x): cell '' is not understood → an empty cell"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_line_row_and_column(text: str, told: str) -> None:
    assert [finding for finding in findings(text) if finding.startswith(told)], findings(text)
