"""`tables`: a table by itself, without a project and without a database."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from xconnector.entrypoints.cli import app

TABLE = """\
| row | when x | when amount | then route | cite |
|-----|--------|-------------|------------|------|
| R1  | a      | > 10        | print      | § 7  |
| R2  | a, b   | -           | email      |      |
| R3  | -      | -           | portal     |      |
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "ways.md"
    file.write_text(TABLE, encoding="utf-8")
    return file


def told(*arguments: str | Path, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["tables", *map(str, arguments)], input=given)


def changed(file: Path, old: str, new: str) -> Path:
    other = file.with_name("changed.md")
    other.write_text(TABLE.replace(old, new), encoding="utf-8")
    return other


def test_a_good_table_has_no_mistake(file: Path) -> None:
    assert told("check", file).stdout == "1 tables; no mistake found\n"


def test_mistakes_come_with_file_and_line(file: Path) -> None:
    bad = changed(file, "| > 10 ", "| > > 5")

    found = told("check", file, bad, "--json")

    assert found.exit_code == 2
    (finding,) = json.loads(found.stdout)["findings"]
    assert (finding["file"], finding["line"]) == (str(bad), 3)
    assert finding["message"] == "row R1, column 3 (when amount): cell '> > 5' is not understood"


def test_a_gap_comes_with_a_case(file: Path) -> None:
    found = told("check", changed(file, "| R3  | -      ", "| R3  | c      "))

    assert found.exit_code == 2
    assert "no row fits when x is not a, b, c, such as x something else, amount" in found.stderr


def test_a_decision_is_told_with_its_reasons(file: Path) -> None:
    found = told("decide", file, "--explain", given='{"x": "a", "amount": 5}')

    assert found.stdout.splitlines() == [
        "row R2: route: email",
        "  row R1 does not fit: amount is 5, it takes > 10",
        "  row R3 fits as well; row R2 comes first",
    ]


def test_a_decision_is_told_to_programs(file: Path) -> None:
    found = json.loads(told("decide", file, "--inputs", '{"x": "a", "amount": "10.5"}', "--json").stdout)

    assert found["answers"] == [{"row": "R1", "cite": "§ 7", "outputs": {"route": "print"}}]
    assert set(found["record"]) == {"table_sha256", "rows", "inputs_sha256"}


@pytest.mark.parametrize(
    "inputs, said",
    [
        ('{"x": "a"}', "input amount is needed"),
        ('{"x": 5, "amount": 1}', "input x is not of the kind text"),
        ('{"y": 5}', "the table has no input 'y'"),
        ("[]", "the inputs are one JSON object"),
        ("{", "the inputs are no JSON"),
    ],
)
def test_inputs_that_do_not_fit_the_table_are_refused(file: Path, inputs: str, said: str) -> None:
    found = told("decide", file, "--inputs", inputs)

    assert found.exit_code == 2
    assert said in found.stderr


def test_a_difference_is_told_by_row(file: Path) -> None:
    other = changed(file, "> 10 ", "> 20 ")

    assert told("diff", file, other).stdout == "row R1: when amount > 10 becomes > 20, cite § 7\n"
    assert json.loads(told("diff", file, other, "--json").stdout)["differences"][0]["row"] == "R1"


@pytest.mark.parametrize("form", ["json", "xlsx"])
def test_a_table_comes_back_from_another_form_unchanged(file: Path, tmp_path: Path, form: str) -> None:
    other = tmp_path / f"ways.{form}"

    assert told("convert", file, other).exit_code == 0

    assert told("diff", file, other).stdout == "no difference\n"
    again = told("convert", file, other)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


@pytest.mark.parametrize(
    "name, said",
    [
        ("other.xlsx", "the table is called 'ways', and a .xlsx file is called as its table → name it ways.xlsx"),
        ("ways.csv", "'.csv' is no form of tables"),
        ("nowhere/ways.json", "cannot be written: No such file or directory"),
    ],
)
def test_a_table_that_cannot_be_converted_leaves_no_file(file: Path, tmp_path: Path, name: str, said: str) -> None:
    found = told("convert", file, tmp_path / name)

    assert found.exit_code == 2
    assert said in found.stderr
    assert not (tmp_path / name).exists()
