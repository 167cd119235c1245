from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.project.conftest import ProjectFolder
from xconnector.domain.customer import Customer
from xconnector.domain.decision.deciding import NoRowFitsError
from xconnector.domain.routing.plan import DeliveryPlan, Hop, Suppression
from xconnector.project.data_contract import ContractError
from xconnector.project.model import Project
from xconnector.project.routing import CustomerFacts, NoRecordClassError, Routing, decide_route

INPUTS = (
    "when has email",
    "when has mobile",
    "when has portal",
    "when has address",
    "when customer.birth_date",
    "when customer.email_consent",
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DATA: dict[str, Any] = {"number": "P-1", "product": "car", "premium": "1500", "starts_on": "2026-12-01", "covers": []}


def decided(project: Project, fields: dict[str, Any], data: dict[str, Any] = DATA) -> Routing:
    known = CustomerFacts(customer=Customer(customer_key="C-1", fields=fields, provenance={}))
    return decide_route(project, project.communications["policy_issued"], known, data, at=NOON)


def test_a_decision_tells_route_review_row_and_what_it_saw(project: Project) -> None:
    found = decided(project, {"preference": "portal"})

    proposal = found.delivery.proposal
    assert found.delivery.outcome == DeliveryPlan(hops=(Hop(connection="portal"), Hop(connection="print")))
    assert found.review == "compliance"
    assert (proposal.table, proposal.row, proposal.cite) == ("routing", "R1", "§ 7")
    assert proposal.table_sha256 == project.tables["routing"].sha256
    assert found.facts.common["customer.preference"] == "portal"
    assert found.facts.common["data.premium"] == Decimal(1500)
    assert found.facts.day == NOON.date()


def test_a_suppression_has_its_reason(project: Project) -> None:
    found = decided(project, {"preference": "fax"})

    assert found.delivery.outcome == Suppression(reason="no way")
    assert found.review is None


@pytest.mark.parametrize(
    "own, cell, role", [("none", "-", None), ("compliance", "-", "compliance"), ("none", "compliance", "compliance")]
)
def test_the_table_overrides_the_review_of_the_communication(
    project_folder: ProjectFolder, own: str, cell: str, role: str | None
) -> None:
    project_folder.replace("communications/policy_issued.yaml", "review: none", f"review: {own}")
    # No row may release at once what the communication itself wants read.
    project_folder.replace("tables/routing.md", "| none ", "| - ")
    project_folder.replace("tables/routing.md", "| print              | - ", f"| print              | {cell} ")
    project = project_folder.load()

    assert decided(project, {}).review == role


def test_no_row_is_an_error(project_folder: ProjectFolder) -> None:
    project_folder.replace("tables/routing.md", "| R4  | -  ", "| R4  | sms")
    project_folder.replace(
        "tables/routing.md", "# Routing", "---\ngaps: the others are written to by hand\n---\n# Routing"
    )
    project = project_folder.load()

    with pytest.raises(NoRowFitsError):
        decided(project, {"preference": "fax"})


def test_a_table_of_retention_that_leaves_it_open_is_told_with_its_row(project_folder: ProjectFolder) -> None:
    project_folder.replace("communications/policy_issued.yaml", "class: contract", "class: {table: retention}")
    project_folder.write("tables/retention.md", "| row | then class |\n|---|---|\n| K1 | contract |\n")
    project = project_folder.load()
    table = project.tables["retention"]
    assert decided(project, {}).record_class == "contract"

    # Tables that decide are not always those that the check proved: a version may be older than the project.
    left_open = replace(table, rows=tuple(replace(row, then={"class": "-"}) for row in table.rows))
    older = replace(project, tables={**project.tables, "retention": left_open})

    with pytest.raises(NoRecordClassError, match="row K1 of table retention names no record class: write one"):
        decided(older, {})


def test_data_against_the_contract_is_no_input(project: Project) -> None:
    with pytest.raises(ContractError, match=r"data\.premium"):
        decided(project, {}, {**DATA, "premium": "much"})


@pytest.mark.parametrize(
    "fields, row",
    [
        ({"email": "a@b.test"}, "email"),
        ({"mobile": "+49151"}, "mobile"),
        ({"portal_account": True}, "portal"),
        ({"portal_account": "true"}, "portal"),
        ({"address_lines": ["x"], "city": "y", "postcode": "1"}, "address"),
        ({"birth_date": "1943-01-01"}, "old"),
        ({"email_consent": False}, "no-consent"),
        ({}, "rest"),
    ],
)
def test_a_table_may_ask_what_a_customer_has(project_folder: ProjectFolder, fields: dict[str, Any], row: str) -> None:
    project_folder.write(
        "tables/routing.md",
        " | ".join(["| row", *INPUTS, "then route |"])
        + """
|---|---|---|---|---|---|---|---|
| email | yes | - | - | - | - | - | print |
| mobile | - | yes | - | - | - | - | print |
| portal | - | - | yes | - | - | - | print |
| address | - | - | - | yes | - | - | print |
| old | - | - | - | - | < 1950-01-01 | - | print |
| no-consent | - | - | - | - | - | no | print |
| rest | - | - | - | - | - | - | print |
""",
    )
    project = project_folder.load()

    assert decided(project, fields).delivery.proposal.row == row


@pytest.mark.parametrize(
    "fields, wish",
    [
        ({"preference": "email"}, "email"),
        ({"preference": "email", "preference.contract": "print"}, "print"),
        ({"preference": "email", "preference.contract": "print", "preference.policy_issued": "portal"}, "portal"),
        ({"preference": "email", "preference.billing": "print"}, "email"),
        ({"preference.contract": "", "preference": "email"}, "email"),
        ({}, None),
    ],
)
def test_the_wish_for_a_communication_stands_before_that_for_its_category_and_for_all(
    project: Project, fields: dict[str, Any], wish: str | None
) -> None:
    assert decided(project, fields).facts.common["customer.preference"] == wish
