"""Further providers can stand in for the first of their channel, or the project is not taken."""

import pytest

from tests.project.conftest import ProjectFolder

FIRST = """portal: {connector: portal, url: "${URL:-http://[::1]:8400}", key: "${PORTAL_KEY}", """
OTHERS = """spare: {connector: portal, url: "http://[::1]:8401", key: "${PORTAL_KEY}"}
  mail: {connector: smtp, host: relay.acme.test, sender: {address: a@acme.test, name: A}, token_secret: "${PORTAL_KEY}"}
  second_print: {connector: print_house, destination: {kind: folder, folder: var/second}}
  """


def findings_of(project: ProjectFolder, further: str) -> list[str]:
    project.replace("xconnector.yaml", FIRST, f"{OTHERS}{FIRST}further_providers: [{further}], ")
    return project.findings()


def test_another_of_the_same_kind_stands_in(project_folder: ProjectFolder) -> None:
    assert findings_of(project_folder, "spare") == []


@pytest.mark.parametrize(
    "further, said, remedy",
    [
        ("portal", "'portal' is one of its providers already", "name each of the others once"),
        ("spare, spare", "'spare' is one of its providers already", "name each of the others once"),
        ("mail", "'mail' reaches people by another medium than 'portal'", "as a next hop"),
        ("spair", "spair", "spare"),
        ("archive", "archive", "channel"),
    ],
)
def test_what_cannot_stand_in_is_named_with_a_remedy(
    project_folder: ProjectFolder, further: str, said: str, remedy: str
) -> None:
    (found,) = findings_of(project_folder, further)

    assert "xconnector.yaml:" in found
    assert said in found
    assert remedy in found


def test_what_leaves_in_bundles_has_one_provider(project_folder: ProjectFolder) -> None:
    project_folder.replace(
        "xconnector.yaml",
        "    destination: {kind: folder, folder: var/print}\n",
        "    destination: {kind: folder, folder: var/print}\n    further_providers: [second_print]\n"
        "  second_print: {connector: print_house, destination: {kind: folder, folder: var/second}}\n",
    )
    (found,) = project_folder.findings()

    assert "what leaves in bundles has one provider" in found


def test_what_is_no_channel_has_no_further_providers(project_folder: ProjectFolder) -> None:
    project_folder.replace(
        "xconnector.yaml",
        "archive: {connector: content_archive, folder: var/archive}",
        "archive: {connector: content_archive, folder: var/archive, further_providers: [portal]}",
    )
    (found,) = project_folder.findings()

    assert "connection 'archive' is no channel" in found
