import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import one_of
from tests.project.tables.parsed import parse_table
from xconnector.domain.decision.deciding import decide
from xconnector.domain.decision.table import HitPolicy
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.markdown import read_markdown, write_markdown
from xconnector.project.tables.written import Grid, Line, Part, WrittenTable

HEAD = "| row | when x | then route |\n|--|--|--|\n"
INPUTS = "| input | type | domain |\n|--|--|--|\n"
OUTPUTS = "| output | type | values |\n|--|--|--|\n"
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
    return [str(finding) for finding in parse_table("t", "tables/t.md", text.encode())[1]]


def test_a_table_is_read_from_its_markdown() -> None:
    found, wrong = parse_table("routing", "tables/routing.md", TABLE.encode())

    assert wrong == []
    assert found is not None
    assert found.table.input_names == ("customer.language", "has email")
    assert [one.domain.kind for one in found.table.inputs] == [Kind.TEXT, Kind.YES_NO]
    assert found.table.rows[0].note == "a | b"
    assert found.rows == {"R1": 11, "R2": 12}
    assert decide(found.table, {"customer.language": "fr", "has email": True}).outputs == {"route": "email"}


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
        (
            "---\nhit: uniqe\n---\n" + HEAD + "| R1 | - | p |",
            "tables/t.md:2: there is no hit policy 'uniqe' → did you mean 'unique'?",
        ),
        ("---\nhits: first\n---\n" + HEAD + "| R1 | - | p |", "tables/t.md:2: the setting 'hits' is unknown"),
        ("---\nhit: first\n" + HEAD, "tables/t.md:1: the lines between dashes do not end"),
        ("---\nhit first\n---\n" + HEAD, "tables/t.md:2: between dashes stand settings only"),
        (
            "---\nhit: first\nhit: unique\n---\n" + HEAD + "| R1 | - | p |",
            "tables/t.md:3: the setting 'hit' is given twice, in line 2 too → leave one out",
        ),
        (
            "---\ngaps:\n---\n" + HEAD + "| R1 | - | p |",
            "tables/t.md:2: the setting 'gaps' says nothing → write why no row may fit behind it, or leave it out",
        ),
        ("---\nhit:\n---\n" + HEAD + "| R1 | - | p |", "tables/t.md:2: the setting 'hit' says nothing → write first"),
        (
            "---\nGaps: who cares\n---\n" + HEAD + "| R1 | - | p |",
            "tables/t.md:2: the setting 'Gaps' is unknown → did you mean 'gaps'?",
        ),
        (HEAD + r'| R1 | "C:\new" | p |', "tables/t.md:3: row R1, column 2 (when x): cell '\"C:"),
        (
            "---\nhit: priority\n---\n" + HEAD + "| R1 | - | p |",
            "tables/t.md:4: no output says which of its values come first",
        ),
        (
            "---\nhit: unique\n---\n" + HEAD + "| R1 | a | p |\n| R2 | - | q |",
            "tables/t.md:7: rows R1 and R2 both fit, such as x a → narrow one of them",
        ),
        (
            HEAD + "| R1 | a, b | p |",
            "tables/t.md:1: no row fits when x is not a, b, such as x something else → add a row",
        ),
        (
            INPUTS + "| x | number | 0..9 |\n\n" + HEAD + "| R1 | a | p |",
            "tables/t.md:7: row R1, column `when x`: 'a' speaks of",
        ),
        (
            INPUTS + "| x | nummer | - |\n\n" + HEAD + "| R1 | - | p |",
            "tables/t.md:3: there is no type 'nummer' → write text,",
        ),
        (
            INPUTS + "| x | number | a |\n\n" + HEAD + "| R1 | - | p |",
            "tables/t.md:3: the domain of x speaks of another kind",
        ),
        (INPUTS + "| y | number | - |\n\n" + HEAD + "| R1 | - | p |", "tables/t.md:3: no column speaks of input 'y'"),
        (
            INPUTS + "| x | integer | 0..9 |\n\n" + HEAD + "| R1 | (3..4) | p |\n| R2 | - | p |",
            "tables/t.md:7: row R1, column 2 (when x): '(3..4)' is never a value here",
        ),
        (
            INPUTS + "| x | integer | 0..9 |\n\n" + HEAD + "| R1 | <= 4 | p |\n| R2 | [6..9] | p |",
            "tables/t.md:5: no row fits when x is (4..6), such as x 5",
        ),
        (
            OUTPUTS + "| route | text | p, q |\n\n" + HEAD + "| R1 | - | r |",
            "tables/t.md:7: row R1, column 3 (then route): 'r' is not",
        ),
        (
            OUTPUTS + "| route | integer | - |\n\n" + HEAD + "| R1 | - | r |",
            "tables/t.md:7: row R1, column 3 (then route): 'r' is not of",
        ),
        (
            OUTPUTS + "| route | integer | - |\n\n" + HEAD + "| R1 | - | 7.5 |",
            "tables/t.md:7: row R1, column 3 (then route): '7.5' is no multiple of 1",
        ),
        (
            "| row | from | to | then x |\n|--|--|--|--|\n| R1 | 2026-13-01 | | a |",
            "tables/t.md:3: row R1, column 2 (from): '2026-13-01' is no day",
        ),
        (
            "| row | from | to | then x |\n|--|--|--|--|\n| R1 | 2026-12-01 | 2026-01-01 | a |",
            "tables/t.md:3: row R1 ends before it begins",
        ),
        (
            HEAD + "| R1 | - | p |\n\n| test | given x | row |\n|--|--|--|\n| T | a | R2 |",
            "tables/t.md:7: there is no row 'R2' → use one of: R1",
        ),
        (
            HEAD + "| R1 | a | p |\n| R2 | - | q |\n\n| test | given x | row |\n|--|--|--|\n| T | a | R2 |",
            "tables/t.md:8: test 'T' fails: the answer is row R1, not R2",
        ),
        (
            HEAD + "| R1 | a | p |\n| R2 | - | q |\n\n| test | given x | expect route |\n|--|--|--|\n| T |  | p |",
            "tables/t.md:8: test 'T' fails: input x is needed",
        ),
        (HEAD + "| R1 |  | p |", "tables/t.md:3: row R1, column 2 (when x): cell '' is not understood → an empty cell"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_line_row_and_column(text: str, told: str) -> None:
    assert [finding for finding in findings(text) if finding.startswith(told)], findings(text)


WHOLE = """\
---
hit: unique
owner: Compliance
---
# Letters

| input | type | domain |
|-------|------|--------|
| days  | integer | 0..365 |
| preference | text | email, print, none |

| output | type | values |
|--------|------|--------|
| route  | text | "email, print", print |
| retention | integer | - |

| row | when days | when preference | then route | then retention | from | to | owner |
|-----|-----------|-----------------|------------|----------------|------|----|-------|
| R1  | <= 30     | email           | email, print | 5 | | | |
| R2  | > 30      | email           | print      | 7 | 2026-01-01 | | Legal |
| R3  | > 30      | email           | print      | none | | 2025-12-31 | |
| R4  | -         | not email       | print      | 10 | | | |

| test | on | given days | given preference | row | expect retention |
|------|----|------------|------------------|-----|------------------|
| old  | 2025-06-01 | 40 | email | R3 | none |
| new  | 2026-06-01 | 40 | email | R2 | 7 |
"""


def test_a_file_may_say_domains_hit_policy_validity_and_tests() -> None:
    found, wrong = parse_table("letters", "tables/letters.md", WHOLE.encode())

    assert wrong == []
    assert found is not None
    assert (found.table.hit, found.table.owner, found.table.about) == (HitPolicy.UNIQUE, "Compliance", "# Letters")
    assert [row.owner for row in found.table.rows] == [None, "Legal", None, None]
    assert [case.name for case in found.table.cases] == ["old", "new"]


@pytest.mark.parametrize(
    "cell, text",
    [
        (r'"C:\\new"', r"C:\new"),
        (r"C:\new", r"C:\new"),
        (r'"a\|b"', "a|b"),
        (r'"a\\\|b"', r"a\|b"),
        (r'"a\\_b"', r"a\_b"),
        (r"a\_b", "a_b"),
        (r"a\|b", "a|b"),
        ('"a<br>b"', "a<br>b"),
        (r"\"a<br>b\"", "a\nb"),
        ('"a `b` c"', "a `b` c"),
        ("`a`", "a"),
        (r'`"C:\\new"`', r"C:\new"),
    ],
)
def test_signs_of_markdown_and_of_the_grammar_are_each_read_once(cell: str, text: str) -> None:
    table = HEAD + f"| R1 | {cell} | p |\n| R2 | - | q |"

    found, wrong = parse_table("t", "tables/t.md", table.encode())

    assert wrong == []
    assert found is not None
    assert found.table.rows[0].when == (one_of(text),)


@settings(max_examples=500)
@given(st.text(st.sampled_from('ab\\|"`<br>/\n_* '), max_size=20).map(str.strip))
def test_every_cell_reads_as_it_was_written(cell: str) -> None:
    header = Line(number=1, cells=["row", "note"])
    grid = Grid(header=header, lines=[Line(number=3, cells=["R1", cell])])

    text = write_markdown(WrittenTable(name="t", file="t.md", grids={Part.ROWS: grid}))
    found, wrong = read_markdown("t", "t.md", text)

    assert wrong == []
    assert found is not None
    assert found.grids[Part.ROWS].lines[0].cells == ["R1", cell]
