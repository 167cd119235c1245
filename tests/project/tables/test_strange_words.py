"""Misspelled words, numbers and days outside their columns' domains, as people are told of them."""

import shutil
from pathlib import Path

import pytest

from tests.examples.workshop import EXAMPLES
from tests.project.tables.parsed import parse_table
from xconnector.project.table_check import check_table

DOMAINS = """\
| input  | type   | domain                     |
|--------|--------|----------------------------|
| way    | text   | email, portal, print, none |
| amount | number | 0..1000                    |

"""


def told(way: str, amount: str, tests: str = "") -> list[str]:
    rows = "| row | when way | when amount | then route |\n|--|--|--|--|\n"
    text = f"{DOMAINS}{rows}| W1 | {way} | {amount} | print |\n| W2 | - | - | email |\n{tests}"
    return [f"{one.message} → {one.remedy}" for one in parse_table("ways", "ways.md", text.encode())[1]]


@pytest.mark.parametrize(
    "way, amount, found",
    [
        ("email, portall", "-", "column 2 (when way): 'portall' is never a value here → did you mean 'portal'?"),
        ('not("emial")', "-", "column 2 (when way): 'emial' is never a value here → did you mean 'email'?"),
        ("fax", "-", "column 2 (when way): 'fax' is never a value here → use one of: email, none, portal, print"),
        ("-", "5, -3", "column 3 (when amount): '-3' is never a value here → write a value of its domain: 0..1000"),
        ("-", "> 2000, 7", "column 3 (when amount): '> 2000' is never a value here"),
    ],
)
def test_what_never_comes_is_told_with_row_column_and_value(way: str, amount: str, found: str) -> None:
    first, *_ = told(way, amount)

    assert first.startswith(f"row W1, {found}")


def test_what_comes_is_not_told() -> None:
    assert told("email, portal", "500..2000, 7") == []


def test_a_test_that_gives_what_never_comes_is_told_why_it_fails() -> None:
    cases = "\n| test | given way | given amount | row |\n|--|--|--|--|\n| t | emial | 5 | W1 |\n"

    assert told("email", "5", cases)[0] == (
        "test 't' (given way): 'emial' is never a value here → did you mean 'email'?"
    )


def in_project(tmp_path: Path, table: str, old: str, new: str) -> list[str]:
    """Return what is told of a table of an example in which a cell was misspelled."""
    folder = tmp_path / "insurer"
    shutil.copytree(EXAMPLES / "insurer", folder)
    file = folder / "tables" / table
    content = file.read_text("utf-8")
    assert old in content
    file.write_text(content.replace(old, new, 1), "utf-8")
    found = check_table(file, {})
    assert found.alone is None, found.alone
    return [f"{one.message} → {one.remedy}" for one in found.findings]


def test_a_project_knows_its_categories(tmp_path: Path) -> None:
    found = in_project(tmp_path, "legal_notices.md", "not contract ", "not contract, contrakt ")

    assert "row M0, column 2 (when category): 'contrakt' is never a value here → did you mean 'contract'?" in found


@pytest.mark.parametrize(
    "column, word, meant",
    [
        ("consent", "withdrwan", "withdrawn"),
        ("suppressed", "complianed", "complained"),
        ("consent.basis", "expres", "express"),
        ("medium", "emial", "email"),
    ],
)
def test_a_project_knows_what_is_said_of_media(tmp_path: Path, column: str, word: str, meant: str) -> None:
    folder = tmp_path / "insurer"
    shutil.copytree(EXAMPLES / "insurer", folder)
    file = folder / "tables" / "withdrawal.md"
    file.write_text(
        f"| row | when {column} | then allowed | then cite |\n|--|--|--|--|\n"
        f"| W1 | {meant}, {word} | no | law |\n| W2 | - | yes | law |\n",
        "utf-8",
    )
    said = [f"{one.message} → {one.remedy}" for one in check_table(file, {}).findings]

    assert f"row W1, column 2 (when {column}): '{word}' is never a value here → did you mean '{meant}'?" in said


def test_an_input_that_communications_lack_is_told_once_and_names_them(tmp_path: Path) -> None:
    folder = tmp_path / "insurer"
    shutil.copytree(EXAMPLES / "insurer", folder)
    file = folder / "tables" / "withdrawal.md"
    file.write_text(
        "| row | when data.nowhere | then allowed |\n|--|--|--|\n"
        "| W1 | > 5 | no |\n| W2 | > 3 | no |\n| W3 | - | yes |\n",
        "utf-8",
    )
    (said,) = [one.message for one in check_table(file, {}).findings if "no input" in one.message]

    assert said.startswith("row W1: communications 'annual_statement', 'billing_cycle', ")
    assert said.endswith("have no input 'data.nowhere'")


def test_what_is_understood_is_proven_beside_what_is_not(tmp_path: Path) -> None:
    file = tmp_path / "ways.md"
    rows = "| row | when way | when amount | then route |\n|--|--|--|--|\n"
    file.write_text(f"{DOMAINS}{rows}| W1 | emial, | 5..1 | print |\n| W2 | portall | - | email |\n", "utf-8")

    said = [one.message for one in check_table(file, {}).findings]

    assert "row W2, column 2 (when way): 'portall' is never a value here" in said
    assert [one for one in said if one.startswith("row W1")] == [
        "row W1, column 2 (when way): cell 'emial,' is not understood",
        "row W1, column 3 (when amount): cell '5..1' is not understood",
    ]
    assert not [one for one in said if "reached" in one or "no row fits" in one]


def test_in_a_project_unknown_words_and_inputs_are_told_beside_what_is_not_understood(tmp_path: Path) -> None:
    folder = tmp_path / "insurer"
    shutil.copytree(EXAMPLES / "insurer", folder)
    file = folder / "tables" / "withdrawal.md"
    file.write_text(
        "| row | when consent | when data.nowhere | then allowed |\n|--|--|--|--|\n"
        "| W1 | withdrwan | > 5 | no |\n| W2 | YES | - | yes |\n",
        "utf-8",
    )
    said = [one.message for one in check_table(file, {}).findings]

    assert any(one.startswith("row W2, column 2 (when consent): cell 'YES' is not understood") for one in said)
    assert "row W1, column 2 (when consent): 'withdrwan' is never a value here" in said
    assert any(one.endswith("have no input 'data.nowhere'") for one in said)
