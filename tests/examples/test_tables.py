"""The examples' decision tables: complete, with their laws, and tested in their own files."""

from functools import cache

import pytest

from tests.examples.workshop import EXAMPLES, NAMES, project
from tests.project.tables.parsed import parse_table
from xconnector.domain.routing.plan import ProofOfMailing
from xconnector.domain.routing.policy import Check
from xconnector.domain.routing.route_cell import Proposal, proposal_of
from xconnector.project.tables.shipped import copy_shipped, shipped_tables
from xconnector.project.tables.text import TableText

EDITED = {("utility", "withdrawal")}
"""Shipped tables that an example made its own."""
TABLES = [(example, file.stem) for example in NAMES for file in sorted((EXAMPLES / example / "tables").glob("*.md"))]


@cache
def read(example: str, name: str) -> TableText:
    file = EXAMPLES / example / "tables" / f"{name}.md"
    text, findings = parse_table(name, file.name, file.read_bytes())
    assert text is not None
    assert not findings, [str(finding) for finding in findings]
    return text


@pytest.mark.parametrize("example, name", TABLES)
def test_a_table_is_proven_by_itself_and_leaves_no_gap(example: str, name: str) -> None:
    assert read(example, name).table.gaps is None


@pytest.mark.parametrize("example, name", TABLES)
def test_every_row_names_its_law_or_is_a_house_rule(example: str, name: str) -> None:
    assert [row.id for row in read(example, name).table.rows if not row.cite] == []


@pytest.mark.parametrize("example, name", TABLES)
def test_every_row_answers_in_a_test_of_the_file(example: str, name: str) -> None:
    table = read(example, name).table
    tested = {row for case in table.cases for row in case.rows or ()}
    assert [row.id for row in table.rows if row.id not in tested] == []


@pytest.mark.parametrize("example, name", TABLES)
def test_every_table_has_an_owner_and_every_input_a_domain(example: str, name: str) -> None:
    file = (EXAMPLES / example / "tables" / f"{name}.md").read_text("utf-8")
    assert read(example, name).table.owner
    assert [one.name for one in read(example, name).table.inputs if f"\n| {one.name} " not in file] == []


@pytest.mark.parametrize(
    "example, name",
    [one for one in TABLES if one[1] in {table.name for table in shipped_tables()} and one not in EDITED],
)
def test_what_an_example_took_from_the_shipped_tables_is_what_is_shipped(
    example: str, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shipped = copy_shipped(name, tmp_path_factory.mktemp("shipped"))
    assert (EXAMPLES / example / "tables" / f"{name}.md").read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize("example", NAMES)
def test_every_check_asks_a_table_and_paper_is_the_default(example: str) -> None:
    checks = project(example).checks
    assert {*checks.tables} == {
        *(Check.MUST_SEND, Check.SUPPRESSION, Check.WITHDRAWAL, Check.CONSENT),
        *(Check.FORMAT, Check.QUIET_HOURS, Check.COST),
    }
    assert checks.default == "print"


def test_the_examples_show_waiting_times_and_proof_of_mailing() -> None:
    cells = [
        proposal_of(row.said("route", "-"))
        for example, name in (("bank", "notices"), ("utility", "routing"))
        for row in read(example, name).table.rows
    ]
    assert any(hop.wait for cell in cells if isinstance(cell, Proposal) for hop in cell.hops)
    proofs = {row.said("proof", "none") for row in read("bank", "legal_notices").table.rows}
    assert ProofOfMailing.CERTIFICATE in proofs


def test_the_examples_choose_reviewer_retention_and_print_options_by_table() -> None:
    chosen = {
        check: (example, kind.name)
        for example in NAMES
        for kind in project(example).communications.values()
        for check in kind.tables
    }
    assert chosen == {
        Check.REVIEW: ("bank", "rate_change"),
        Check.RETENTION: ("insurer", "claim_approved"),
        Check.PRINT: ("utility", "energy_bill"),
    }
