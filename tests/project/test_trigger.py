import pytest

from tests.project.conftest import FILES, ProjectFolder
from xconnector.project.model import Project
from xconnector.project.trigger import asked_for


@pytest.mark.parametrize(
    "event, data, asked",
    [
        ("com.acme.policy.issued", {"product": "car"}, 1),
        ("com.acme.policy.issued", {"product": "boat"}, 0),
        ("com.acme.policy.issued", {"product": None}, 0),
        ("com.acme.policy.issued", {}, 0),
        ("com.acme.statement.due", {"product": "car"}, 0),
    ],
)
def test_an_event_asks_for_what_is_said_to_follow_it(
    project: Project, event: str, data: dict[str, object], asked: int
) -> None:
    assert len(asked_for(project, event, data)) == asked


def test_an_event_may_ask_for_several(project_folder: ProjectFolder) -> None:
    project_folder.write("communications/another.yaml", FILES["communications/policy_issued.yaml"])

    found = asked_for(project_folder.load(), "com.acme.policy.issued", {"product": "home"})

    assert [kind.name for kind in found] == ["another", "policy_issued"]


def test_numbers_and_truth_values_are_compared_as_they_are_written(project_folder: ProjectFolder) -> None:
    project_folder.replace("communications/policy_issued.yaml", "[car, home]", "[7, true]")
    project = project_folder.load()

    assert asked_for(project, "com.acme.policy.issued", {"product": 7})
    assert asked_for(project, "com.acme.policy.issued", {"product": True})
