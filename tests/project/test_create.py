from pathlib import Path

import pytest

from xconnector.project.create import CreateError, create_project, example_names
from xconnector.project.load import load_project
from xconnector.project.testing import run_tests


@pytest.mark.parametrize("example", example_names())
def test_every_example_makes_a_sound_project_whose_tests_pass(tmp_path: Path, example: str) -> None:
    create_project(tmp_path / "new", example)

    project = load_project(tmp_path / "new", {})

    assert [result.differences for result in run_tests(project) if not result.passed] == []


def test_there_are_examples() -> None:
    assert {"insurer", "bank", "utility"} <= {*example_names()}


def test_an_unknown_example_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CreateError, match="did you mean 'insurer'"):
        create_project(tmp_path / "new", "insure")


def test_nothing_of_anybodys_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(CreateError, match="is not empty"):
        create_project(tmp_path, "insurer")
    with pytest.raises(CreateError, match="is not empty"):
        create_project(tmp_path / "mine.txt", "insurer")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
