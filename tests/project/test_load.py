from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from tests.project.conftest import ProjectFolder
from xconnector.project.findings import ProjectError
from xconnector.project.model import Project


def test_a_whole_project_is_loaded(project: Project) -> None:
    assert project.name == "acme"
    assert project.home_country == "DE"
    assert project.sender["motto"] == "Immer da"
    assert project.connections["portal"].limits.timeout == timedelta(seconds=5)
    assert project.connections["portal"].limits.rate == 2
    assert project.people["anna"].roles == {"compliance"}
    assert project.record_classes["contract"].years == 10
    assert project.communications["policy_issued"].review is None
    assert project.tables["routing"].rows[0].cite == "§ 7"
    feed = project.feed_of("com.acme.policy.issued")
    assert feed is not None
    assert feed.mapping == "policy"
    assert project.feed_of("com.acme.other") is None


def test_secrets_of_the_environment_are_shown_nowhere(project: Project) -> None:
    assert "key-for-the-portal-4711" not in repr(project)


def test_the_digest_follows_what_decides_and_shapes(project_folder: ProjectFolder) -> None:
    before = project_folder.load().content_sha256
    project_folder.write("data/customers.jsonl", "{}")
    assert project_folder.load().content_sha256 == before

    project_folder.write("templates/policy_issued/letter.typ", "= Other\n")

    assert project_folder.load().content_sha256 != before


MISTAKES = cast(
    "Sequence[Mapping[str, str]]",
    cast("Any", YAML(typ="safe", pure=True)).load(Path(__file__).with_name("mistakes.yaml")),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{one['file']}: {one['new']}" for one in MISTAKES])
def test_a_mistake_is_told_with_file_line_and_remedy(project_folder: ProjectFolder, mistake: Mapping[str, str]) -> None:
    project_folder.replace(mistake["file"], mistake["old"], mistake["new"])

    findings = project_folder.findings()

    assert [finding for finding in findings if finding.startswith(mistake["told"])], "\n".join(findings)


def test_a_type_of_event_may_come_by_several_ways(project_folder: ProjectFolder) -> None:
    project_folder.replace("xconnector.yaml", "com.acme.statement.due", "com.acme.policy.issued")

    assert project_folder.findings() == []


def test_all_mistakes_are_told_at_once(project_folder: ProjectFolder) -> None:
    for mistake in MISTAKES:
        if mistake["old"] in {"years: 10", "route: routing", "policy.note", "  given:"}:
            project_folder.replace(mistake["file"], mistake["old"], mistake["new"])

    findings = project_folder.findings()

    assert {finding.split(":")[0] for finding in findings} == {
        "xconnector.yaml",
        "communications/policy_issued.yaml",
        "mappings/policy.yaml",
        "tests/policies.yaml",
    }


def test_the_error_lists_every_finding_in_order(project_folder: ProjectFolder) -> None:
    project_folder.replace("xconnector.yaml", "years: 10", "years: ten")
    project_folder.replace("communications/policy_issued.yaml", "route: routing", "route: rooting")

    with pytest.raises(ProjectError) as refused:
        project_folder.load()

    assert str(refused.value).splitlines() == [str(finding) for finding in refused.value.findings]
    assert [finding.file for finding in refused.value.findings] == [
        "communications/policy_issued.yaml",
        "xconnector.yaml",
    ]


def test_secrets_stand_in_no_finding(project_folder: ProjectFolder) -> None:
    project_folder.replace("xconnector.yaml", 'url: "${URL:-http://[::1]:8400}"', 'url: "${PORTAL_KEY}"')

    assert "4711" not in "\n".join(project_folder.findings())


def test_a_missing_variable_with_a_default_is_no_mistake(project_folder: ProjectFolder) -> None:
    portal = project_folder.load().connections["portal"].settings
    other = project_folder.load({"PORTAL_KEY": "k" * 20, "URL": "http://127.0.0.1:9999"}).connections["portal"]

    assert "8400" in str(portal)
    assert "9999" in str(other.settings)


def test_no_project_file_is_told(project_folder: ProjectFolder) -> None:
    project_folder.remove("xconnector.yaml")

    assert project_folder.findings() == [
        "xconnector.yaml:1: there is no such file → run `xconnector init`, or name the project's folder"
    ]


def test_a_route_that_needs_a_rendition_needs_its_template(project_folder: ProjectFolder) -> None:
    project_folder.remove("templates/policy_issued/letter.typ")

    (finding,) = project_folder.findings()

    assert finding.startswith("communications/policy_issued.yaml:3: template 'policy_issued' has no letter.typ")


def test_a_symbolic_link_in_a_template_is_refused(project_folder: ProjectFolder) -> None:
    (project_folder.folder / "templates/policy_issued/logo.svg").symlink_to("/etc/passwd")

    (finding,) = project_folder.findings()

    assert finding.startswith("templates/policy_issued/logo.svg:1: it is a symbolic link")


def test_a_file_that_is_not_read_is_told(project_folder: ProjectFolder) -> None:
    project_folder.write("communications/other.yml", "title: {}")

    assert project_folder.findings()[0].startswith("communications/other.yml:1: a file that ends in .yml is not read")


def test_an_input_that_no_communication_has_is_told_once_for_all_rows(project_folder: ProjectFolder) -> None:
    project_folder.write(
        "tables/routing.md",
        """\
| row | when data.nowhere | then route |
|---|---|---|
| R1 | > 5 | print |
| R2 | > 3 | print |
| R3 | - | print |
""",
    )

    (finding,) = project_folder.findings()

    assert finding.startswith("tables/routing.md:3: row R1: communication 'policy_issued' has no input 'data.nowhere'")


def test_a_communication_that_there_is_none_of_is_told_with_its_row(project_folder: ProjectFolder) -> None:
    project_folder.write(
        "tables/routing.md",
        """\
| row | when communication | then route |
|---|---|---|
| R1 | policy_isued | print |
| R2 | - | print |
""",
    )

    (finding,) = project_folder.findings()

    assert finding.startswith(
        "tables/routing.md:3: row R1, column 2 (when communication): 'policy_isued' is never a value here"
    )
    assert finding.endswith("did you mean 'policy_issued'?")


def test_an_input_that_only_other_communications_rows_need_is_no_mistake(project_folder: ProjectFolder) -> None:
    project_folder.write(
        "tables/routing.md",
        """\
| row | when promotional | when data.elsewhere | then route |
|---|---|---|---|
| R1 | yes | > 5 | print |
| R2 | - | - | print |
""",
    )

    assert project_folder.findings() == []
