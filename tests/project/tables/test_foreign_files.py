import pytest

from tests.project.conftest import ProjectFolder

WHAT_TO_DO = "write it in a form of ours: xconnector tables convert"


@pytest.mark.parametrize("name", ["other.dmn", "other.jdm.json"])
def test_a_table_of_another_product_is_no_table_of_a_project(project_folder: ProjectFolder, name: str) -> None:
    project_folder.write(f"tables/{name}", "{}")

    assert project_folder.findings() == [
        f"tables/{name}:1: a table in a form of other products decides nothing here → {WHAT_TO_DO}"
    ]
