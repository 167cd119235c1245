import pytest

from tests.project.conftest import ProjectFolder
from xconnector.project.testing import run_tests


def test_a_test_that_expects_what_comes_passes(project_folder: ProjectFolder) -> None:
    (result,) = run_tests(project_folder.load())

    assert result.passed
    assert (result.file, result.line, result.name) == ("tests/policies.yaml", 1, "A portal customer reads it there")


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("route: [portal, print]", "route: [print]", "policy_issued goes by portal, print, not by print (row R2"),
        (
            "route: [portal, print]",
            "suppressed: no",
            "policy_issued is not suppressed but goes by portal, print (row R2",
        ),
        ("prefers: portal", "prefers: fax", "policy_issued is suppressed: no way (row R4"),
        ("route: [portal, print]", "fails: no row", "policy_issued does not fail"),
        ("review: none}", "review: compliance}", "policy_issued is reviewed by none, not by compliance"),
        ("product: car", "product: boat", "policy_issued is not asked for"),
        ('premium: "10.50"', "premium: much", "policy_issued fails: data.premium is not an amount"),
        ("last: Meyer", "first: Anna", "policy_issued fails: customer.last_name and customer.company are missing"),
        ("id: K1, ", "", "mapping policy: customer: holder.id is missing"),
    ],
)
def test_what_comes_otherwise_is_told(project_folder: ProjectFolder, old: str, new: str, told: str) -> None:
    project_folder.replace("tests/policies.yaml", old, new)

    (result,) = run_tests(project_folder.load())

    assert not result.passed
    assert result.differences[0].startswith(told)


@pytest.mark.parametrize("words, passes", [("data.premium is not an amount", True), ("no row fits", False)])
def test_a_test_may_expect_that_people_have_to_look(project_folder: ProjectFolder, words: str, passes: bool) -> None:
    project_folder.replace("tests/policies.yaml", 'premium: "10.50"', "premium: much")
    project_folder.replace("tests/policies.yaml", "route: [portal, print], review: none", f"fails: {words}")

    (result,) = run_tests(project_folder.load())

    assert result.passed is passes


def test_what_nobody_expected_is_told(project_folder: ProjectFolder) -> None:
    expectation = "    - {communication: policy_issued, route: [portal, print], review: none}"
    project_folder.replace("tests/policies.yaml", f"  expect:\n{expectation}", "  expect: []")

    (result,) = run_tests(project_folder.load())

    assert result.differences == ("policy_issued is asked for and was not expected",)


def test_a_customer_of_the_test_goes_before_the_record(project_folder: ProjectFolder) -> None:
    project_folder.replace("tests/policies.yaml", "    data:\n", "    customer: {preference: fax}\n    data:\n")

    (result,) = run_tests(project_folder.load())

    assert result.differences == ("policy_issued is suppressed: no way (row R4 of table routing)",)


def test_the_feed_may_be_named(project_folder: ProjectFolder) -> None:
    project_folder.replace("tests/policies.yaml", "    data:\n", "    feed: statements\n    data:\n")

    (result,) = run_tests(project_folder.load())

    assert result.passed


def test_what_the_mapping_makes_may_be_expected(project_folder: ProjectFolder) -> None:
    said = '  mapped: {premium: {amount: "10.50", currency: CHF}, customer.last_name: Meyer, number: P-1}\n'
    project_folder.replace("tests/policies.yaml", "  expect:\n", f"{said}  expect:\n")

    (result,) = run_tests(project_folder.load())

    assert len(result.differences) == 1
    assert result.differences[0].startswith("the mapping makes {'amount': '10.50', 'currency': 'EUR'} of premium, not ")


DATED = """\
| row | when customer.preference | then route       | from       | to         |
|-----|--------------------------|------------------|------------|------------|
| OLD | -                        | print            |            | 2026-06-30 |
| NEW | -                        | portal, print    | 2026-07-01 |            |
"""


@pytest.mark.parametrize(
    "on, row",
    [("", "OLD"), ("on: 2026-06-30", "OLD"), ("on: 2026-07-01", "NEW"), ('on: "2026-07-01"', "NEW")],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_test_is_decided_as_of_its_day(project_folder: ProjectFolder, on: str, row: str, zone: str) -> None:
    project_folder.write("tables/routing.md", DATED)
    project_folder.replace("xconnector.yaml", "Europe/Berlin", zone)
    project_folder.replace("tests/policies.yaml", "    data:\n", f"    {on}\n    data:\n")
    project_folder.replace("tests/policies.yaml", "route: [portal, print]", "suppressed: to see the row")

    (result,) = run_tests(project_folder.load())

    assert f"(row {row} of table routing)" in result.differences[0]


@pytest.mark.parametrize("on", ["20260701", "1. Juli", "2026-13-01"])
def test_what_is_no_day_is_found(project_folder: ProjectFolder, on: str) -> None:
    project_folder.replace("tests/policies.yaml", "    data:\n", f"    on: {on}\n    data:\n")

    (found,) = project_folder.findings()

    assert found.startswith("tests/policies.yaml:4: ")


SAID = """\
    statements:
      - {source: crm, as_of: 2025-12-01, fields: {email: old@x.test, last_name: Maier}, verified: [email]}
      - {source: portal, as_of: 2025-12-24, fields: {email: new@x.test}}
    data:
"""
TABLE = """\
| field | sources | rule                 | note |
|-------|---------|----------------------|------|
| email | -       | most recent verified |      |
| *     | -       | most recent          |      |
"""


def test_a_table_of_survivorship_is_proved_by_what_sources_said(project_folder: ProjectFolder) -> None:
    project_folder.replace("tests/policies.yaml", "    data:\n", SAID)
    project_folder.replace(
        "tests/policies.yaml",
        "  expect:\n",
        "  golden: {email: old@x.test, last_name: Meyer, title: null}\n  expect:\n",
    )

    (by_recency,) = run_tests(project_folder.load())
    project_folder.write("customers/survivorship.md", TABLE)
    (by_table,) = run_tests(project_folder.load())

    told = "the golden record has 'new@x.test' of portal as email, not 'old@x.test'"
    assert by_recency.differences == (told,)
    assert by_table.passed


def test_what_a_source_took_back_or_deleted_is_no_longer_golden(project_folder: ProjectFolder) -> None:
    later = "      - {source: portal, as_of: 2025-12-25, fields: {email: null}}\n"
    gone = "      - {source: crm, as_of: 2025-12-26, deleted: true}\n"
    project_folder.replace(
        "tests/policies.yaml", "    data:\n", SAID.replace("    data:\n", f"{later}{gone}    data:\n")
    )
    project_folder.replace("tests/policies.yaml", "  expect:\n", "  golden: {email: null}\n  expect:\n")

    (result,) = run_tests(project_folder.load())

    assert result.passed
