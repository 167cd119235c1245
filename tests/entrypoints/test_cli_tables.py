"""`tables`: a table by itself, without a project and without a database."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.project.conftest import ProjectFolder
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
    assert told("check", file).stdout.splitlines() == [
        f"{file} was proven by itself: it lies in no project's folder of tables",
        "no mistake found",
    ]


def test_a_table_of_a_project_is_proven_as_the_project_asks_it(tmp_path: Path) -> None:
    project = ProjectFolder(tmp_path)
    by_category = (
        "| row | when category | when has email | then route |\n|--|--|--|--|\n"
        "| R1 | contract | yes | print |\n| R2 | - | no | print |\n"
    )
    project.write("tables/routing.md", by_category)
    table = tmp_path / "tables" / "routing.md"
    (tmp_path / "alone.md").write_text(by_category, encoding="utf-8")

    inside, outside = told("check", table), told("check", tmp_path / "alone.md")
    told_to_programs = json.loads(told("check", table, tmp_path / "alone.md", "--json").stdout)

    assert inside.exit_code == 0
    assert inside.stdout.splitlines()[0] == f"{table} was proven as the project in {tmp_path} asks it"
    assert outside.exit_code == 2
    assert "no row fits when category is" in outside.stderr
    assert [one["project"] for one in told_to_programs["tables"]] == [str(tmp_path), None]
    assert {one["file"] for one in told_to_programs["findings"]} == {str(tmp_path / "alone.md")}


def test_a_table_of_a_project_is_held_against_its_connections_and_inputs(tmp_path: Path) -> None:
    project = ProjectFolder(tmp_path)
    project.replace("tables/routing.md", "| print              | -           |", "| pigeon             | -           |")
    project.replace("tables/routing.md", "when data.premium", "when data.premum")

    found = told("check", tmp_path / "tables" / "routing.md")

    assert found.exit_code == 2
    assert "pigeon" in found.stderr
    assert "has no input 'data.premum'" in found.stderr
    assert all(line.startswith(str(tmp_path / "tables" / "routing.md:")) for line in found.stderr.splitlines())


@pytest.mark.parametrize(
    "file, old, new, why",
    [
        (
            "communications/policy_issued.yaml",
            "category: contract\n",
            "",
            "its project is not understood (communications/",
        ),
        ("xconnector.yaml", "project: acme", "project: [", "its project is not understood (xconnector.yaml:"),
        ("communications/policy_issued.yaml", "route: routing", "route: other", "nothing in its project asks it"),
    ],
)
def test_where_a_project_does_not_say_who_asks_a_table_it_is_proven_by_itself(
    tmp_path: Path, file: str, old: str, new: str, why: str
) -> None:
    ProjectFolder(tmp_path).replace(file, old, new)

    found = told("check", tmp_path / "tables" / "routing.md")

    assert f"was proven by itself: {why}" in found.stdout


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


def test_rows_that_are_collected_are_told_one_by_one(file: Path) -> None:
    file.write_text(
        f"---\nhit: collect\n---\n\n{TABLE.replace('| R3  | -      ', '| R3  | c      ')}", encoding="utf-8"
    )

    found = told("decide", file, "--explain", given='{"x": "a", "amount": 15}')
    nothing = told("decide", file, "--explain", given='{"x": "d", "amount": 15}')

    assert found.stdout.splitlines() == [
        "row R1: route: print (§ 7)",
        "row R2: route: email",
        "  row R3 does not fit: x is a, it takes c",
    ]
    assert nothing.exit_code == 0
    assert nothing.stdout.splitlines()[0] == "no row fits"


def test_rows_that_fit_where_one_may_are_told(file: Path) -> None:
    file.write_text(f"---\nhit: unique\n---\n\n{TABLE}", encoding="utf-8")

    found = told("decide", file, "--explain", given='{"x": "b", "amount": 15}')

    assert found.exit_code == 2
    assert found.stdout.splitlines() == [
        "  row R2 fits; there is no answer because of row R3",
        "  row R3 fits; there is no answer because of row R2",
        "  row R1 does not fit: x is b, it takes a",
    ]
    assert found.stderr.startswith("rows R2, R3 of table ways fit these values")


def test_why_there_is_no_answer_is_told_to_programs(file: Path) -> None:
    found = told("decide", file, "--inputs", '{"x": "a"}', "--explain", "--json")

    told_to_programs = json.loads(found.stdout)
    assert found.exit_code == 2
    assert told_to_programs["refused"].startswith("input amount is needed")
    assert told_to_programs["rows"][0] == {
        "row": "R1",
        "cite": "§ 7",
        "standing": "undecided",
        "misses": [
            {
                "input": "amount",
                "cell": "> 10",
                "given": None,
                "problem": "input amount is needed and this communication has none of this name",
            }
        ],
        "because": [],
    }
    assert told_to_programs["rows"][1] == {
        "row": "R2",
        "cite": None,
        "standing": "fits",
        "misses": [],
        "because": ["R1"],
    }


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
    assert json.loads(told("diff", file, other, "--json").stdout) == {
        "decides_the_same": False,
        "differences": [
            {
                "change": "changed",
                "row": "R1",
                "test": None,
                "column": "when amount",
                "old": "> 10",
                "new": "> 20",
                "cite": "§ 7",
                "decides": True,
            }
        ],
    }


def test_a_citation_alone_decides_the_same(file: Path) -> None:
    other = changed(file, "§ 7", "§ 8")

    assert told("diff", file, other).stdout.splitlines() == [
        "row R1: cite § 7 becomes § 8 (decides the same)",
        "both decide the same",
    ]


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
        ("other.xlsx", "the table is called 'ways', and a .xlsx file is called as its table → name it ways.xlsx, or"),
        ("ways.csv", "'.csv' is no form of tables"),
        ("nowhere/ways.json", "cannot be written: No such file or directory"),
    ],
)
def test_a_table_that_cannot_be_converted_leaves_no_file(file: Path, tmp_path: Path, name: str, said: str) -> None:
    found = told("convert", file, tmp_path / name)

    assert found.exit_code == 2
    assert said in found.stderr
    assert not (tmp_path / name).exists()
