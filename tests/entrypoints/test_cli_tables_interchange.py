"""Tables of other products at the command line: converted in both directions, checked and asked as they are."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from xconnector.entrypoints.cli import app

FOREIGN = ["dmn", "jdm.json"]
TABLE = """---
hit: unique
gaps: the rest is not ours
---
| row | when has email | when data.amount | then route | cite |
|-----|----------------|------------------|------------|------|
| E1  | yes            | not > 10000      | email      | § 7  |
| L1  | no             | <= 10000, none   | print      | § 8  |
"""
MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="n">
<decision name="First Way"><decisionTable hitPolicy="FIRST"><input><inputExpression><text>Age</text></inputExpression>
</input><output name="Route"/><rule><inputEntry><text>&lt; 18</text></inputEntry>
<outputEntry><text>"print"</text></outputEntry></rule></decisionTable></decision>
<decision name="Second Way"><decisionTable hitPolicy="FIRST"><input><inputExpression><text>Age</text></inputExpression>
</input><output name="Route"/><rule><inputEntry><text>-</text></inputEntry>
<outputEntry><text>"email"</text></outputEntry></rule></decisionTable></decision>
</definitions>"""


def told(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["tables", *map(str, words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "ways.md"
    file.write_text(TABLE, encoding="utf-8")
    return file


@pytest.mark.parametrize("form", FOREIGN)
def test_a_table_goes_out_and_comes_back_unchanged(file: Path, tmp_path: Path, form: str) -> None:
    other, back = tmp_path / f"ways.{form}", tmp_path / "back.json"

    assert told("convert", file, other).exit_code == 0
    assert told("diff", file, other).stdout == "no difference\n"
    assert told("convert", other, back).exit_code == 0
    assert told("decide", back, "--inputs", '{"has email": true, "data.amount": null}').stdout == (
        "row E1: route: email (§ 7)\n"
    )


def test_a_table_is_converted_under_another_name(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "ways2.xlsx"

    assert "--name" in told("convert", file, other).stderr
    assert told("convert", file, other, "--name", "ways2").exit_code == 0
    assert told("diff", file, other).stdout == "no difference\n"


@pytest.mark.parametrize("form", FOREIGN)
def test_a_foreign_file_is_checked_and_asked_as_it_is(file: Path, tmp_path: Path, form: str) -> None:
    other = tmp_path / f"ways.{form}"
    told("convert", file, other)

    assert told("check", other).exit_code == 0
    asked = told("decide", other, "--inputs", '{"has email": false, "data.amount": 5}')
    assert asked.stdout == "row L1: route: print (§ 8)\n"


def test_one_of_several_tables_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.dmn").write_text(MODEL, encoding="utf-8")

    unnamed = told("convert", tmp_path / "model.dmn", tmp_path / "second.md")
    named = told("convert", tmp_path / "model.dmn", tmp_path / "second.md", "--table", "Second Way")

    assert unnamed.exit_code == 2
    assert "2 decision tables to choose from: 'First Way', 'Second Way'" in unnamed.stderr
    assert named.exit_code == 0
    assert "| R1  | -        | email      |" in (tmp_path / "second.md").read_text(encoding="utf-8")


def test_what_the_other_form_cannot_say_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "ways.md").write_text(TABLE.replace("has email", "in"), encoding="utf-8")

    found = told("convert", tmp_path / "ways.md", tmp_path / "ways.dmn")

    assert found.exit_code == 2
    assert "a .dmn file cannot say this table: input in cannot be called so over there" in found.stderr
    assert not (tmp_path / "ways.dmn").exists()


def test_a_cell_that_is_not_understood_is_told_with_its_place(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "ways.jdm.json"
    told("convert", file, other)
    other.write_text(other.read_text(encoding="utf-8").replace('"input_1": "true"', '"input_1": "not(true)"'))

    found = told("check", other)

    assert found.exit_code == 2
    assert "table 'ways': row E1, column 'has email': cell 'not(true)' is not understood" in found.stderr
