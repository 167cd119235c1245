"""Project tests tell when a communication begins, and which is not made; what is wrong with a trigger is told."""

import pytest

from tests.project.conftest import ProjectFolder
from xconnector.project.testing import run_tests

ON = "on: {event: com.acme.policy.issued, where: {product: [car, home]}}"
STATEMENTS = "  statements: {connection: files, event: com.acme.statement.due, mapping: policy}\n"
FEEDS = "  withdrawals: {event: com.acme.policy.withdrawn, mapping: policy}\n"
CALENDARS = "calendars: {office: {country: DE, subdivision: BY}}\n"
FURTHER = """    %s:
      - event: %s
        apart: %s
        data: {holder: {id: K1}, policy: {number: P-1, product: car, premium: "1", begin: 01.12.2026, covers: []}}
"""
ISSUED, WITHDRAWN = "com.acme.policy.issued", "com.acme.policy.withdrawn"
AFTER_WITHDRAWAL = f"after: {{event: {WITHDRAWN}, key: number, within: 3d}}"
BY_WITHDRAWAL = f"cancelled_by: [{{event: {WITHDRAWN}, key: {{number: number}}}}]"


def _with(folder: ProjectFolder, said: str) -> None:
    folder.replace("communications/policy_issued.yaml", ON, f"on: {{event: com.acme.policy.issued, {said}}}")
    folder.replace("xconnector.yaml", STATEMENTS, STATEMENTS + FEEDS)
    folder.replace("xconnector.yaml", "people:\n", f"{CALENDARS}people:\n")


def _result(folder: ProjectFolder, expected: str, further: str = "") -> tuple[str, ...]:
    folder.replace("tests/policies.yaml", "  expect:\n", f"{further}  expect:\n")
    folder.replace("tests/policies.yaml", "route: [portal, print], review: none", expected)
    (result,) = run_tests(folder.load())
    return result.differences


@pytest.mark.parametrize(
    "said, expected",
    [
        ('start: {delay: 2d, at: "08:00"}', "begins: 2026-01-04T08:00"),
        # The sixth of January is Epiphany in Bavaria.
        ("start: {working_days: 3, calendar: office}", "begins: 2026-01-08T12:00"),
        ("start: {field: starts_on, days: -5}", "begins: 2026-11-26T00:00"),
        ("start: {field: starts_on, days: -500}", "route: [portal, print]"),
        ("once_per: number", "route: [portal, print]"),
        (AFTER_WITHDRAWAL, f"fails: no {WITHDRAWN} came"),
        (f"after: {{event: {WITHDRAWN}, key: number, within: 3d, otherwise: drop}}", f"ends: no {WITHDRAWN} came"),
        (f"after: {{event: {WITHDRAWN}, key: number, within: 3d, otherwise: send}}", "begins: 2026-01-04T12:00"),
        ("collapse: {key: customer, window: 30m, longest: 4h}", "begins: 2026-01-01T12:30"),
    ],
)
def test_when_it_begins_can_be_tested(project_folder: ProjectFolder, said: str, expected: str) -> None:
    _with(project_folder, said)

    assert _result(project_folder, expected) == ()


@pytest.mark.parametrize(
    "said, further, expected",
    [
        ("once_per: number", ("before", ISSUED, "40d"), "ends: already asked for by record 1"),
        ("once_per: {key: number, within: 30d}", ("before", ISSUED, "40d"), "route: [portal, print]"),
        (BY_WITHDRAWAL, ("after", WITHDRAWN, "10m"), "ends: cancelled by record 2"),
        (BY_WITHDRAWAL, ("before", WITHDRAWN, "10d"), "ends: cancelled by record 1"),
        (BY_WITHDRAWAL, ("before", WITHDRAWN, "40d"), "route: [portal, print]"),
        (
            f"after: {{event: {WITHDRAWN}, key: number, within: 3d}}",
            ("after", WITHDRAWN, "2d"),
            "begins: 2026-01-03T12:00",
        ),
        (
            "collapse: {key: number, window: 30m, longest: 4h}",
            ("after", ISSUED, "10m"),
            "ends: became one communication",
        ),
    ],
)
def test_what_came_before_and_comes_after_can_be_tested(
    project_folder: ProjectFolder, said: str, further: tuple[str, str, str], expected: str
) -> None:
    _with(project_folder, said)

    assert _result(project_folder, expected, FURTHER % further) == ()


@pytest.mark.parametrize(
    "said, expected, told",
    [
        ("start: {delay: 2d}", "begins: 2026-01-02T12:00", "policy_issued begins 2026-01-03T12:00:00"),
        ("once_per: number", "ends: already", "policy_issued is made"),
        (
            f"after: {{event: {WITHDRAWN}, key: number, within: 3d, otherwise: drop}}",
            "route: [portal]",
            "policy_issued is not made: no com.acme.policy.withdrawn came that it belongs to, until",
        ),
        (
            "start: {field: note, days: 1}",
            "route: [portal]",
            "the start of communication 'policy_issued' cannot be told",
        ),
    ],
)
def test_what_comes_otherwise_is_told(project_folder: ProjectFolder, said: str, expected: str, told: str) -> None:
    _with(project_folder, said)

    (difference,) = _result(project_folder, expected)

    assert difference.startswith(told)


@pytest.mark.parametrize(
    "said, told",
    [
        ("once_per: [numer]", "mapping 'policy' of feed 'policies' has no field 'numer' → did you mean 'number'?"),
        ("order_by: holder", "mapping 'policy' of feed 'policies' has no field 'holder'"),
        ("start: {working_days: 3}", "working days are those of a calendar → name one of `calendars`"),
        ("start: {delay: 2d, calendar: ofice}", "there is no calendar 'ofice' → did you mean 'office'?"),
        ("start: {delay: 2d, days: 3}", "a start has `delay` already → keep one of them"),
        ("start: {calendar: office}", "a start without a time is at once"),
        ("start: {field: starts_on, delay: 2d}", "from a day, days are counted"),
        ("after: {event: com.acme.other, key: number, within: 3d}", "no feed takes events of type 'com.acme.other'"),
        ("cancelled_by: [{event: com.acme.policy.withdrawn, key: {number: numer}}]", "mapping 'policy' of feed"),
        ("cancelled_by: [{event: com.acme.policy.withdrawn, key: {}}]", "`on.cancelled_by.0.key"),
        ("collapse: {key: number, window: 4h, longest: 30m}", "the first change waits less long"),
        ("collapse: {key: number, window: 1h, longest: 4h}, start: {delay: 1d}", "changes become one as they come"),
        ("priority: urgent", "`on.priority`"),
    ],
)
def test_what_is_wrong_with_a_trigger_is_told(project_folder: ProjectFolder, said: str, told: str) -> None:
    _with(project_folder, said)

    findings = project_folder.findings()

    assert any(f"communications/policy_issued.yaml:2: {told}" in finding for finding in findings), findings


def test_a_test_with_an_event_that_nobody_takes_is_told(project_folder: ProjectFolder) -> None:
    further = FURTHER % ("after", "com.acme.other", "10m")
    project_folder.replace("tests/policies.yaml", "  expect:\n", f"{further}  expect:\n")

    assert "there is no feed for events of type 'com.acme.other'" in "".join(project_folder.findings())
