"""A project's own tests, read from tests/*.yaml."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xconnector.project.expectation_file import TestShape
from xconnector.project.findings import Finding, named_like
from xconnector.project.model import Feed
from xconnector.project.shape import Shaped, shape
from xconnector.project.yaml_file import YamlFile, read_yaml

TESTS = "tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTest:
    """One test and where it stands."""

    __test__ = False

    file: str
    line: int
    shape: TestShape


def read_tests(
    folder: Path, communications: Collection[str], feeds: Mapping[str, Feed]
) -> tuple[Sequence[ProjectTest], list[Finding]]:
    """Return the tests of a project and what is wrong with their files."""
    tests: list[ProjectTest] = []
    findings: list[Finding] = []
    place = folder / TESTS
    for path in sorted(place.glob("*.yaml")) if place.is_dir() else ():
        file, wrong = read_yaml(path, f"{TESTS}/{path.name}")
        findings += wrong
        if file is not None:
            _read_file(file, tests, findings)
    for test in tests:
        findings += _unknown_names(test, communications, feeds)
    return tests, findings


def _read_file(file: YamlFile, tests: list[ProjectTest], findings: list[Finding]) -> None:
    if not isinstance(file.content, list):
        findings.append(file.finding((), "a file of tests is a list", "begin each test with `- name: …`"))
        return
    for at, spelled in enumerate(file.content):
        shaped, wrong = shape(TestShape, spelled, Shaped(file=file, place=(at,)))
        findings += wrong
        if shaped is not None:
            tests.append(ProjectTest(file=file.file, line=file.line_of((at,)), shape=shaped))


def _unknown_names(test: ProjectTest, communications: Collection[str], feeds: Mapping[str, Feed]) -> list[Finding]:
    unknown = [
        (expected.communication, "communication", communications)
        for expected in test.shape.expect
        if expected.communication not in communications
    ]
    events = {feed.event for feed in feeds.values()}
    given = test.shape.given
    for one in (given, *given.before, *given.after):
        if one.feed is not None and one.feed not in feeds:
            unknown.append((one.feed, "feed", feeds))
        if one.event not in events:
            unknown.append((one.event, "feed for events of type", events))
    return [
        Finding(file=test.file, line=test.line, message=f"there is no {what} {name!r}", remedy=named_like(name, names))
        for name, what, names in unknown
    ]
