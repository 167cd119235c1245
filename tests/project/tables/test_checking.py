"""What a table's own file is held against: its tests, and what is proven of it."""

from random import Random

import pytest

from tests.project.tables.parsed import parse_table

ROWS = """\
| row | when x | when amount | then route |
|-----|--------|-------------|------------|
| R1  | a      | > 10        | print      |
| R2  | b      | -           | email      |
"""


def findings(rows: str, tests: str = "", *, hit: str = "first") -> list[str]:
    text = f"---\nhit: {hit}\ngaps: other ways are decided elsewhere\n---\n\n{rows}\n{tests}"
    return [finding.message for finding in parse_table("ways", "tables/ways.md", text.encode())[1]]


def asked(header: str, line: str) -> str:
    columns = header.count("|") + 1
    return f"| test | {header} |\n|{'--|' * (columns + 1)}\n| t | {line} |\n"


@pytest.mark.parametrize("hit", ["first", "unique", "collect"])
def test_a_test_that_expects_no_row_passes_where_no_row_fits(hit: str) -> None:
    assert findings(ROWS, asked("given x | given amount | row", "a | 5 | none"), hit=hit) == []


@pytest.mark.parametrize("hit", ["first", "collect"])
@pytest.mark.parametrize(
    "header, line, said",
    [
        ("given x | row", "a | none", "input amount is needed and this communication has none of this name"),
        ("given x | given amount | row", "b | 1 | none", "the answer is row R2, not none"),
    ],
)
def test_a_test_that_expects_no_row_fails_on_anything_else(hit: str, header: str, line: str, said: str) -> None:
    assert findings(ROWS, asked(header, line), hit=hit) == [f"test 't' fails: {said}"]


def test_two_rows_of_a_unique_table_are_not_no_row() -> None:
    twice = ROWS + "| R3 | b | - | portal |\n"

    assert any(
        said.startswith("test 't' fails: rows R2, R3 of table ways fit")
        for said in findings(twice, asked("given x | given amount | row", "b | 1 | none"), hit="unique")
    )


def test_where_no_row_fits_nothing_is_said() -> None:
    told = findings(ROWS, asked("given x | given amount | row | expect route", "a | 5 | none | print"))

    assert told == ["test 't' fails: route is nothing, not print"]


def entangled(*, gaps: str, hit: str = "first", last: str = "") -> list[str]:
    """What is found in a table whose rows leave over more than anybody could look at."""
    drawn = Random(5)
    lines = ["| " + " | ".join(["row", *(f"when i{at}" for at in range(30)), "then route"]) + " |"]
    lines.append("|" + "--|" * 32)
    for row in range(120):
        looked_at = drawn.sample(range(30), 3)
        cells = ["a" if at in looked_at else "-" for at in range(30)]
        lines.append("| " + " | ".join([f"R{row}", *cells, "print"]) + " |")
    lines.append(last)
    text = f"---\nhit: {hit}\n{gaps}---\n\n" + "\n".join(lines) + "\n"
    return [finding.message for finding in parse_table("ways", "tables/ways.md", text.encode())[1]]


@pytest.mark.parametrize("gaps", ["", "gaps: the rest is decided elsewhere\n"])
def test_what_is_not_proven_is_told_whether_gaps_are_taken_or_not(gaps: str) -> None:
    found = entangled(gaps=gaps)

    assert any(said.startswith("it is not proven that a row fits always when i") for said in found)
    assert any(said.startswith("no row fits") for said in found) is not bool(gaps)


def test_a_last_row_for_the_rest_leaves_nothing_unproven() -> None:
    last = "| LAST | " + "- | " * 30 + "print |"

    assert not [said for said in entangled(gaps="", last=last) if "proven" in said or said.startswith("no row")]


def test_overlaps_that_are_not_told_one_by_one_are_counted() -> None:
    found = entangled(gaps="gaps: no\n", hit="unique")

    assert len([said for said in found if "both fit, such as" in said]) == 20
    assert [said for said in found if said.endswith("other pairs of rows both fit")] == [
        "7120 other pairs of rows both fit"
    ]
