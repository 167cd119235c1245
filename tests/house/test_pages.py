"""Every page leads somewhere: links to files exist, and so do the files that the conventions point at."""

import re
from pathlib import Path

import pytest

from tests.house.repository import ROOT, called, connector_folders, handed_over, shown

LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
CODE_BLOCK = re.compile(r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)\s*$", re.DOTALL | re.MULTILINE)
MENTION = re.compile(r"`(?P<path>(?:src|tests|docs|scripts|requirements|news)/[\w./-]*)`")
# Mentioned as a pattern of names, not as a file.
OUR_ROOMS = ("pipeline", "contract", "connectors", "domain", "store", "operations", "project", "execution", "postgres")
INSIDE = re.compile(rf"`(?P<path>(?:{'|'.join(OUR_ROOMS)})/[\w./-]*)`")


@pytest.mark.parametrize("page", handed_over("*.md"), ids=shown)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    prose = CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))
    targets = [found["target"].split("#")[0] for found in LINK.finditer(prose) if "://" not in found["target"]]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_every_file_that_a_page_mentions_exists(page: str) -> None:
    prose = (ROOT / page).read_text(encoding="utf-8")
    mentioned = [ROOT / found["path"] for found in MENTION.finditer(prose)]
    mentioned += [ROOT / "src/xconnector" / found["path"] for found in INSIDE.finditer(prose)]
    assert [shown(path) for path in mentioned if not path.exists()] == []


def test_every_folder_of_connectors_explains_itself() -> None:
    folders = [path.parent for path in handed_over(":(glob)src/xconnector/connectors/*/__init__.py")]
    assert [shown(folder) for folder in folders if not (folder / "README.md").is_file()] == []


def test_every_connector_stands_in_the_readme_of_its_folder_with_an_example() -> None:
    for folder, manifests in connector_folders().items():
        page = (folder / "README.md").read_text(encoding="utf-8")
        shown_there = set(re.findall(r"\bconnector: (\w+)", "".join(found[0] for found in CODE_BLOCK.finditer(page))))
        assert shown_there >= {called(folder, manifest) for manifest in manifests}, shown(folder)


def test_every_file_that_is_said_to_be_proven_exists() -> None:
    page = (ROOT / "docs/guide/exstream-proven.md").read_text(encoding="utf-8")
    ours = handed_over("src/xconnector/connectors/exstream/*.py", "src/xconnector/sandbox/exstream/*.py")
    assert set(re.findall(r"`(\w+\.py)`", page)) - {path.name for path in ours} == set()


def test_every_decision_says_what_else_there_was_and_what_follows() -> None:
    headings = ["## Decided", "## What else there was", "## What follows"]
    for page in handed_over("docs/decisions/0*.md"):
        lines = page.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith("## ")] == headings, shown(page)
        assert lines[0].startswith(f"# {int(page.name[:4])}. "), shown(page)


def test_every_decision_has_the_number_behind_the_one_before_it() -> None:
    numbers = [int(page.name[:4]) for page in handed_over("docs/decisions/0*.md")]
    assert numbers == [*range(1, len(numbers) + 1)]
