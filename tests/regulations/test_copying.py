"""`tables shipped` and `tables copy`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.regulations.shipped import FOLDER, NAMES
from xconnector.entrypoints.cli import app
from xconnector.project.create import create_project
from xconnector.project.load import load_project


def told(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["tables", *map(str, arguments)])


def test_all_are_listed_with_their_first_sentence() -> None:
    listed = json.loads(told("shipped", "--json").stdout)["tables"]

    assert [table["name"] for table in listed] == NAMES
    assert listed[NAMES.index("consent_ca")]["about"] == (
        "Which commercial electronic messages ask for a consent in Canada, and how long an implied one lasts."
    )
    assert all(table["about"].endswith(".") and "\n" not in table["about"] for table in listed)


def test_people_are_told_that_they_are_examples() -> None:
    assert "Examples, to be edited and approved by your own counsel." in told("shipped").stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_the_table_and_a_project_with_it_is_still_right(name: str, tmp_path: Path) -> None:
    project = tmp_path / "made"
    create_project(project, "bank")
    copied = project / "tables" / f"{name}.md"
    copied.unlink(missing_ok=True)

    result = told("copy", name, "--to", project / "tables")

    assert result.exit_code == 0, result.stderr
    assert copied.read_bytes() == (FOLDER / f"{name}.md").read_bytes()
    assert load_project(project, {}).communications


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "costs.md"
    mine.write_text("mine", encoding="utf-8")

    refused = told("copy", "costs", "--to", tmp_path)

    assert refused.exit_code == 2
    assert "is there already" in refused.stderr
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    assert told("copy", "costs", "--to", tmp_path / "new" / "tables").exit_code == 0
    assert (tmp_path / "new" / "tables" / "costs.md").is_file()


@pytest.mark.parametrize("name", ["const", "../project", "tables/costs", "."])
def test_what_is_not_shipped_is_not_copied(name: str, tmp_path: Path) -> None:
    refused = told("copy", name, "--to", tmp_path)

    assert refused.exit_code == 2
    assert "there is no shipped table" in refused.stderr
    assert not [*tmp_path.iterdir()]


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    place = tmp_path / "tables"
    place.write_text("", encoding="utf-8")

    refused = told("copy", "costs", "--to", place)

    assert refused.exit_code == 2
    assert "costs.md" in refused.stderr
